"""Packages that apt installs in the build are ones that the release of the base image has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters import rules
from converters.containers.commands import classify
from converters.containers.dockerfile_model import Run
from converters.containers.releases import Release, gone, release_of
from converters.ir import Suggestion
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.runner import Built, goes_on

OTHER_SOURCES = re.compile(r"sources\.list|add-apt-repository|snapshot\.debian|archive\.debian|apt-add-repository|debian-archive")
"""Where the packages may come from another release."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF009: a package that apt of the base image's release does not find, which ends the build."""
    image = deployment.image
    if image is None or any(OTHER_SOURCES.search(run.script) for run in image.runs):
        return
    for run in image.runs:
        stage = image.dockerfile.stages[run.stage]
        release = release_of(stage.base_image)
        if release is not None:
            yield from _of_run(image, run, stage.base_image, release)


def _of_run(image: Built, run: Run, reference: str, release: Release) -> Iterator[Finding]:
    for outer in run.commands():
        for command in (outer, *outer.inner):
            step = classify(command)
            if step.purpose not in ("apt", "interpreter") or goes_on(run, command.text):
                continue
            for word in step.packages:
                name = word.partition("=")[0].partition(":")[0]
                instead = gone(name, release)
                if instead is not None:
                    file, line = image.image.file, image.line_of(command.line)
                    suggestion = Suggestion(file=file, line=line, old=word, new=instead)
                    yield Finding(file, line, rules.PF009, _says(name, instead, reference, release), name, suggestion=suggestion)


def _says(name: str, instead: str, reference: str, release: Release) -> str:
    what = f"{reference}, which is {release.title} now," if release.floating else f"{release.title}, which {reference} is,"
    todo = f"write `{instead}`" if instead else "take it out"
    return f"`{name}` is no package of {what} so that the build ends here: {todo}."
