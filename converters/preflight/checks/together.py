"""Releases that install beside each other and do not work together."""

from __future__ import annotations

from collections.abc import Iterator

from converters import rules
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.packages import Packages, Requirement
from converters.preflight.suggestions import beside as stated_beside
from converters.python import pip, together


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF036: releases of which one needs what another has no more. Nothing is said beside packages that may keep one of them back."""
    packages = deployment.packages
    if packages.locked or not (packages.complete or packages.listed):
        return
    texts = [one.text for one in packages.requirements]
    imported = {found.module.split(".")[0] for _, found in deployment.running.missing}
    for lacked in together.bounds(texts, _torch(packages), deployment.python or ""):
        found = next((one for one in packages.requirements if one.text == lacked.of), None)
        if lacked.kept == "numpy" and packages.listed:
            continue  # a base image with PyTorch holds the NumPy that it was built with
        if found is not None and imported.intersection(lacked.used):
            newer = together.CACHED_DOWNLOAD.get(found.name)
            way = f", or take {found.name} {newer} or newer" if newer else ""
            message = f"{lacked.why}: nothing keeps that back: write `{lacked.kept}{lacked.bound}`{way}."
            suggestion = stated_beside(found, lacked.kept, lacked.bound, packages)
            yield Finding(found.file, found.line, rules.PF036, message, about=found.text, suggestion=suggestion)


def _torch(packages: Packages) -> str:
    """The PyTorch that is installed; '' where pip chooses it, or another package may."""
    wanted = [one for one in packages.requirements if one.name == "torch"]
    beside = [one for one in packages.requirements if one.name in ("torchvision", "torchaudio")]
    releases = [pip.pinned(one.text) or together.of_index(one.text, _flags(one, packages)) for one in wanted]
    apart = not packages.listed and any(_is_apart(one, packages) for one in beside)
    return releases[-1] if releases and all(releases) and not apart else ""


def _flags(one: Requirement, packages: Packages) -> list[str]:
    return [flag for step in packages.steps if one in step.requirements for flag in step.flags]


def _is_apart(one: Requirement, packages: Packages) -> bool:
    """Whether a package without a pin is installed by a later command than PyTorch, whose release it may replace."""
    steps = [step for step in packages.steps if one in step.requirements]
    return not pip.pinned(one.text) and not any(other.name == "torch" for step in steps for other in step.requirements)
