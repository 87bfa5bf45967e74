"""What base images hold, as Dockerfiles upon releases of Debian and Ubuntu."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from converters.rehearsal.bases.suites import SUITES, Suite

SUITE_IMAGE = "localhost/rehearsal/suite"
_SCRIPTS = Path(__file__).with_name("scripts")
_CLEAN = "rm -rf /var/lib/apt/lists/*"


@dataclass(frozen=True)
class Base:
    """What stands in for `image`: a Dockerfile upon `suites`; `by` and `differs` say it to a person."""

    image: str
    text: str
    suites: tuple[Suite, ...]
    by: str
    differs: tuple[str, ...] = ()
    folder: Path | None = None
    """A directory with all its files, instead of releases."""


class NotKnown(Exception):
    """Nothing stands in for an image; the message says why."""


def of_suite(reference: str, suite: Suite) -> Base:
    """A release alone, as the images `debian` and `ubuntu` are it."""
    return Base(reference, f'FROM {SUITE_IMAGE}:{suite.name}\nCMD ["bash"]\n', (suite,), suite.title)


def base(reference: str) -> Base:
    """What stands in for an image. Raises NotKnown."""
    name = reference.partition("@")[0]
    repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    repository = re.sub(r"^((index\.)?docker\.io/)?(library/)?", "", repository)
    for pattern, make in _TABLE:
        if re.fullmatch(pattern, repository):
            return make(reference, tag)
    raise NotKnown("it is not in the table of base images")


def _run(script: str, flags: str = "") -> str:
    return f"RUN {flags}{json.dumps(['/bin/sh', '-ec', script])}\n"


def _installed(*packages: str) -> str:
    return _run(f"apt-get update -q && apt-get install -y -q --no-install-recommends {' '.join(packages)} && {_CLEAN}")


def _script(name: str, flags: str = "") -> str:
    return _run((_SCRIPTS / name).read_text(), flags)


def _suite_in(tag: str) -> Suite | None:
    names = [*SUITES, *(f"{suite.distribution}{suite.version}" for suite in SUITES.values())]
    found = next((name for name in names if name in tag), None)
    return next((suite for suite in SUITES.values() if found in (suite.name, f"{suite.distribution}{suite.version}")), None)


def python_stages(minor: str, target: Suite) -> tuple[str, Suite, Suite]:
    """A stage `python` that collects the interpreter of a minor, the release that has it, and the one on which it runs.

    An interpreter runs on a C library that is no older than its own: the target, else its own release.
    """
    source = next((suite for suite in SUITES.values() if suite.python == minor), None)
    if source is None:
        source = min(SUITES.values(), key=lambda suite: abs(_number(suite.python) - _number(minor)))
    if source.glibc > target.glibc:
        target = min(
            (suite for suite in SUITES.values() if suite.glibc >= source.glibc),
            key=lambda s: (s.distribution != target.distribution, s.glibc),
        )
    collecting = f"FROM {SUITE_IMAGE}:{source.name} AS python\n"
    collecting += _run(
        f"apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-venv && cd /tmp && "
        f"apt-get download -q libpython{source.python}-dev && dpkg -x libpython*.deb / && rm *.deb && {_CLEAN}"
    )
    collecting += _script("collect-python.sh")
    return collecting, source, target


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])


_LATEST_PYTHON = "3.13"
#: From which patch release on the official images of a minor are built on a release of Debian, where their tag names none.
_PYTHON_PATCHES = {
    "trixie": {9: 23, 10: 18, 11: 13, 12: 11, 13: 6},
    "bookworm": {8: 17, 9: 17, 10: 12, 11: 4, 12: 0, 13: 0},
}


def _python(reference: str, tag: str) -> Base:
    if "alpine" in tag or "windows" in tag:
        raise NotKnown("its packages are not Debian's or Ubuntu's")
    match = re.match(r"3\.(\d+)(?:\.(\d+))?", tag)
    minor = f"3.{match.group(1)}" if match else _LATEST_PYTHON
    wanted = _suite_in(tag) or _default_suite(int(minor[2:]), int(match.group(2)) if match and match.group(2) else None)
    collecting, source, target = python_stages(minor, wanted)
    text = collecting + f"FROM {SUITE_IMAGE}:{target.name}\n"
    text += _installed("ca-certificates", "netbase", "tzdata")
    if "slim" not in tag:
        text += _installed(*_BUILD_TOOLS)
    text += _script("place-python.sh", "--mount=type=bind,from=python,source=/python,target=/python ")
    text += 'ENV PATH=/usr/local/bin:$PATH LANG=C.UTF-8\nCMD ["python3"]\n'
    differs = [f"Python {source.python} stands in for {minor}"] if source.python != minor else []
    if target is not wanted:
        differs.append(f"{target.title} stands in for {wanted.title}, on which this Python does not run")
    return Base(
        reference,
        text,
        tuple(dict.fromkeys((source, target))),
        f"{target.title} with Python {source.python} of {source.title}",
        tuple(differs),
    )


def _default_suite(minor: int, patch: int | None) -> Suite:
    for name, since in _PYTHON_PATCHES.items():
        if patch is None or patch >= since.get(minor, 0 if minor > 13 else 1 << 30):
            return SUITES[name]
    return SUITES["bullseye"]


_BUILD_TOOLS = (
    "build-essential",
    "curl",
    "git",
    "wget",
    "gnupg",
    "unzip",
    "xz-utils",
    "pkg-config",
    "libffi-dev",
    "libssl-dev",
    "zlib1g-dev",
    "procps",
)


def _distribution(reference: str, tag: str) -> Base:
    name = "ubuntu" if "ubuntu" in reference else "debian"
    wanted = re.split(r"-", tag)[0]
    current = {"debian": "trixie", "ubuntu": "noble"}[name]
    known = {"latest": current, "stable": current, "rolling": current, "slim": current}
    for suite in SUITES.values():
        if suite.distribution == name:
            known |= {suite.name: suite.name, suite.version: suite.name}
    if wanted.split(".")[0] in known and name == "debian":
        wanted = wanted.split(".")[0]
    if wanted not in known:
        raise NotKnown(f"release {wanted} of {name} is not in the table of releases")
    return of_suite(reference, SUITES[known[wanted]])


_TABLE: tuple[tuple[str, Callable[[str, str], Base]], ...] = (
    (r"python|(.*/)?library/python", _python),
    (r"debian|ubuntu", _distribution),
)
