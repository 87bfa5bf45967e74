"""Which Python fal starts in an image: the one with the packages, under the name that fal asks for, with fal in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters import rules
from converters.containers import base_images
from converters.containers.pythons import BARE, SEVERAL, PythonEnvironment, Pythons, lacks_python, pythons
from converters.ir import Suggestion
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.runner import Built
from converters.preflight.suggestions import setting
from converters.python import pip

MANAGED = re.compile(r"ubuntu:?(24|25)\.|ubuntu:?(noble|oracular|plucky)|debian:(12|13|bookworm|trixie)|ubuntu24\.04|ubuntu2404")
"""Images whose own Python refuses `pip install` (PEP 668)."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF030, PF031: only for apps whose Python runs in an image of their own."""
    image = deployment.image
    if image is None or deployment.program.kind == "server":
        return
    found = pythons(image.runs, image.stage, lambda path, workdir: _text(deployment, image, path, workdir))
    first = found.first
    if (filled := found.filled) is not None and filled.hidden and filled is not first:
        message = (
            "poetry puts the packages into an environment in its own cache, and fal starts the `python` that PATH finds, which is another: "
            "write `ENV POETRY_VIRTUALENVS_CREATE=false` before this line."
        )
        yield _finding(image, filled.filled, message, "poetry", "ENV POETRY_VIRTUALENVS_CREATE=false")
    elif filled is not None and filled is not first:
        yield _finding(
            image,
            filled.filled,
            f"the packages go into {filled.folder}, and fal starts the `python` that PATH finds, which is another: "
            f"write `ENV PATH={filled.folder}/bin:$PATH` before fal is installed.",
            filled.folder,
        )
    elif first is not None and not first.pip and (line := _plain_pip(image, first)):
        yield _finding(
            image,
            line,
            f"{first.folder} has no pip, since uv makes environments without it: use `uv pip install --python {first.folder}/bin/python`.",
            "pip",
        )
    elif first is None and (why := _bare(image, found)):
        yield why
    yield from _version(deployment, image, filled or first)


def _finding(image: Built, line: int, message: str, about: str, before: str = "") -> Finding:
    """`before`: a line of the Dockerfile before this one with which it is done."""
    file, at = image.image.file, image.line_of(line)
    suggestion = Suggestion(file=file, line=at, old="", new=before) if before else None
    return Finding(file, at, rules.PF030, message, about=about, suggestion=suggestion)


def _text(deployment: Deployment, image: Built, path: str, workdir: str) -> str:
    place = path if path.startswith("/") else f"{workdir.rstrip('/')}/{path}"
    source = image.layout.files.get(place)
    file = deployment.project.files.get(source) if source else None
    return file.data.decode(errors="replace") if file is not None and file.size < 2**20 else ""


def _plain_pip(image: Built, first: PythonEnvironment) -> int:
    """The line of a `pip install` in an environment that has no pip; 0 where there is none, or something brings pip."""
    for run in image.runs:
        if re.search(r"ensurepip|get-pip|--seed", run.script):
            return 0
    for run in image.runs:
        for command in run.commands():
            if command.line <= first.line or command.words[:1] == ("uv",) or pip.arguments(command.words) is None:
                continue
            if re.match(r"^(python[\d.]*|pip[\d.]*)$", command.words[0]) or command.words[0].startswith(f"{first.folder}/bin/"):
                return command.line
    return 0


def _bare(image: Built, found: Pythons) -> Finding | None:
    """A system Python that is not called `python`, or that refuses pip."""
    base = image.stage.base_image
    scripts = "\n".join(run.script for run in image.runs)
    if not (BARE.match(base) or SEVERAL.match(base)) or re.search(r"conda|pyenv|python\.org|uv python install", scripts):
        return None
    allowed = re.search(r"break-system-packages|EXTERNALLY-MANAGED|deadsnakes", scripts) or "PIP_BREAK_SYSTEM_PACKAGES" in image.stage.env
    last = [command for run in image.runs for command in run.commands() if pip.arguments(command.words) is not None]
    if MANAGED.search(base) and last and not allowed and last[-1].words[0] != "uv":
        message = f"the Python of {base} refuses `pip install` (PEP 668): install into a virtual environment that PATH finds first."
        return _finding(image, last[-1].line, message, "PEP 668")
    if not last or not lacks_python(base, scripts, found.links):
        return None
    message = f'fal starts `python`, and {base} has none by that name: `RUN ln -s "$(command -v python3)" /usr/local/bin/python`.'
    return _finding(image, image.stage.line, message, "`python`")


def _version(deployment: Deployment, image: Built, first: PythonEnvironment | None) -> Iterator[Finding]:
    """Where the image's Python is another than `python_version`, or nothing tells which one it is."""
    program = deployment.program
    stated = str(program.value("python_version", ""))
    base = base_images.describe(image.stage.base_image)
    line = program.line_of("python_version")
    if first is not None and first.python:
        if stated and not stated.startswith(first.python):
            message = f"`python_version` is {stated}, and the image's Python is {first.python} ({first.folder}): write {first.python}."
            suggestion = setting(program, "python_version", first.python)
            yield Finding(program.file, line, rules.PF031, message, about="python_version", suggestion=suggestion)
    elif not base.python and stated and not _named(image, stated):
        reference = image.stage.base_image
        message = (
            f"`python_version` {stated} is assumed, since nothing tells the Python of {reference}: look it up with "
            f"`docker run --rm --entrypoint python3 {reference} --version`, write it there, and deploy with the same one."
        )
        yield Finding(program.file, line, rules.PF031, message, about="python_version")


def _named(image: Built, stated: str) -> bool:
    """Whether the build names the version, as in `python3.11 -m pip`."""
    return any(re.search(rf"python={{0,2}}{re.escape(stated)}(?!\d)", run.script) for run in image.runs)
