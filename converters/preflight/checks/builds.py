"""Distributions without a wheel are ones that the newest setuptools builds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from converters import rules
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.suggestions import pinned
from converters.python import pip

UNBUILDABLE = {
    "openai-whisper": ("20240930", "20250625"),
    "clip-interrogator": ("0.4.4", "0.6.0"),
}
"""Distribution -> the last release without a wheel whose `setup.py` imports `pkg_resources`, and one that is built without it.
Tried with pip and setuptools 84 on the releases of https://pypi.org/project/openai-whisper and https://pypi.org/project/clip-interrogator."""
WITH_TORCH = ("flash-attn",)
"""Distributions without a wheel whose `setup.py` imports torch. Tried with the releases 2.5.8 and 2.8.3 of https://pypi.org/project/flash-attn."""
KEPT_BACK = re.compile(
    r"PIP_CONSTRAINT|PIP_BUILD_CONSTRAINT|UV_BUILD_CONSTRAINT|--build-constraints?\b|--no-(build|use)-isolation|--no-use-pep517"
)
"""What gives a build an older setuptools, or the one that is installed."""
KEEP = (
    ", or keep the release with `RUN echo 'setuptools<81' > /constraints.txt` and "
    "`ENV PIP_CONSTRAINT=/constraints.txt PIP_BUILD_CONSTRAINT=/constraints.txt` before it is installed."
)
"""Up to pip 25.2 the first variable counts for what builds, from 25.3 on the second (https://pip.pypa.io/en/stable/news/#v25-3)."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF034: a requirement that pip cannot build any more, since setuptools 82 has no `pkg_resources`."""
    image = deployment.image
    if image is not None and (
        any(KEPT_BACK.search(run.script) for run in image.runs) or any(KEPT_BACK.search(name) for name in image.stage.env)
    ):
        return
    if deployment.python in ("", "3.6", "3.7", "3.8"):
        return  # the newest setuptools for these still has it; where nothing tells the version, nothing is said
    for name, (last, newer) in UNBUILDABLE.items():
        found = deployment.packages.find(name)
        if found is not None and _is_before(found.text, last, newer):
            message = (
                f"`{found.text}` has no wheel, and pip builds it with the newest setuptools, which has no `pkg_resources` since "
                f"release 82, and its setup.py imports that: write `{name}=={newer}`"
            )
            message += KEEP if image is not None else "."
            suggestion = pinned(found, f"{name}=={newer}")
            yield Finding(found.file, found.line, rules.PF034, message, about=found.text, suggestion=suggestion)

    yield from _with_torch(deployment)


def _with_torch(deployment: Deployment) -> Iterator[Finding]:
    """A requirement that is built apart from the torch which it is built against."""
    packages = deployment.packages
    indexes = [flag.text for flag in packages.flags if "://" in flag.text and "download.pytorch.org" not in flag.text]
    for name in WITH_TORCH:
        found = packages.find(name)
        if found is not None and "@" not in found.text and not indexes:
            where = "in a line of its own behind torch" if deployment.image is not None else "in a Dockerfile, in a line behind torch"
            message = (
                f"`{found.text}` has no wheel, and pip builds it where no torch is installed, which its setup.py imports: "
                f"install it {where}, with `--no-build-isolation`, in an image that has `nvcc`."
            )
            yield Finding(found.file, found.line, rules.PF034, message, about=found.text)


def _is_before(text: str, last: str, newer: str) -> bool:
    """Whether a requirement takes none but releases up to `last`."""
    match = re.match(r"[\w.-]+(?:\[[^\]]*\])?\s*([<>=!~][^;]*)", text)
    try:
        if pinned := pip.pinned(text):
            return Version(pinned) <= Version(last)
        return match is not None and not SpecifierSet(match[1]).contains(newer)
    except (InvalidSpecifier, InvalidVersion):
        return False
