"""The Python packages of a runner: what the app's requirements or the image's build install, and whether that is all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers import base_images
from converters.containers.commands import classify
from converters.containers.dockerfile_model import Run
from converters.containers.shell_words import expand
from converters.ir import Origin
from converters.preflight.apps import Program
from converters.preflight.locks import locked
from converters.preflight.runner import PLAIN, Built
from converters.project import Project
from converters.python import pip

OPAQUE = re.compile(
    r"\b(conda|mamba|micromamba|poetry|pdm|pipenv|uv (sync|run)|setup\.py|easy_install|npm|cargo|make|cmake"
    r"|nvidia-(?!container|driver|utils|modprobe|settings))\b"
)
SYSTEM = re.compile(r"\b(?:apt-get|apt|apk|yum|dnf)\b(?:\\\n|[^\n;&|])*")
"""A command that installs packages of the system, whose names say nothing of Python's."""
INSTALLS = re.compile(
    r"\b(pip3?|conda|mamba|uv|apt|apt-get|setup\.py|easy_install|subprocess|os\.system|popen|runpy|exec)\b", re.IGNORECASE
)
"""What a script that installs something writes."""
HOLD_TORCH = ("pytorch/pytorch", "runpod/pytorch")
"""Base images that hold PyTorch's own packages, and none that is made upon them."""


@dataclass(frozen=True)
class Requirement:
    """A requirement or pip flag, where it stands in the finished files."""

    text: str
    file: str
    line: int

    @property
    def name(self) -> str:
        """The normalized project name; '' for a flag or an address."""
        return pip.name(self.text)


@dataclass(frozen=True)
class Installation:
    """What one command, or one layer of `requirements`, installs at a time."""

    requirements: tuple[Requirement, ...]
    flags: tuple[str, ...] = ()
    trouble: str = ""
    """What of the command is not in them: a file of constraints, `--no-deps`."""


@dataclass
class Packages:
    """`complete`: nothing else installs packages, as far as the files tell. `flags`: indexes and the like, in their order."""

    requirements: list[Requirement] = field(default_factory=list)
    flags: list[Requirement] = field(default_factory=list)
    complete: bool = True
    listed: bool = False
    """The base holds PyTorch and no more, and all that installs is read; repositories that nothing is installed from may lie by."""
    steps: list[Installation] = field(default_factory=list)
    locked: list[Requirement] = field(default_factory=list)
    """What lock files pin, beside the requirements."""

    @property
    def names(self) -> set[str]:
        return {requirement.name for requirement in self.requirements} - {""}

    def find(self, name: str) -> Requirement | None:
        return next((requirement for requirement in reversed(self.requirements) if requirement.name == name), None)


def packages(program: Program, project: Project, image: Built | None) -> Packages:
    """What the runner of an app has installed."""
    if image is not None:
        return _of_image(image, project)
    found = Packages(complete=program.image is None)
    stated = program.settings.get("requirements")
    value = program.value("requirements", [])
    layers = value if isinstance(value, list) else []
    if not any(isinstance(layer, list) for layer in layers):
        layers = [layers]
    flat = [part for layer in layers for part in (layer if isinstance(layer, list) else [layer])]
    found.complete &= isinstance(value, list) and all(isinstance(part, str) for part in flat)
    lines = project.files[program.file].data.decode(errors="replace").splitlines()
    start = stated.line if stated is not None else program.line
    file = stated.file if stated is not None else program.file
    for layer in layers:
        known = len(found.requirements), len(found.flags)
        for part in layer if isinstance(layer, list) else [layer]:
            if isinstance(part, str):
                line = next((n for n in range(start, min(len(lines), start + 200) + 1) if part in lines[n - 1]), start)
                _enter(found, Requirement(part, file, line))
        flags = tuple(flag.text for flag in found.flags[known[1] :])
        found.steps.append(Installation(tuple(found.requirements[known[0] :]), flags))
    return found


def _enter(found: Packages, requirement: Requirement) -> None:
    if requirement.text.startswith("-") or ("://" in requirement.text and "@" not in requirement.text):
        found.flags.append(requirement)
        found.complete &= requirement.text.startswith("-") or "/whl/" in requirement.text or "simple" in requirement.text
    else:
        found.complete &= bool(requirement.name) and not re.match(r"(git|hg|svn)\+|https?:", requirement.text)
        found.requirements.append(requirement)


def _of_image(image: Built, project: Project) -> Packages:
    found = Packages(complete=bool(PLAIN.match(image.stage.base_image)))
    base = base_images.describe(image.stage.base_image)
    found.listed = base.plain and base.repository in HOLD_TORCH and "PYTHONPATH" not in image.stage.env
    if base.torch:
        found.requirements.append(Requirement(f"torch=={base.torch}", image.image.file, image.line_of(image.stage.line)))
    for run in image.runs:
        opaque = OPAQUE.search(SYSTEM.sub("", run.script)) is not None
        found.complete, found.listed = found.complete and not opaque, found.listed and not opaque
        found.locked += [Requirement(*pin) for pin in locked(run, image.layout, project)]
        for outer in run.commands():
            for command in (outer, *outer.inner):
                step = classify(command)
                script = step.purpose == "script" and _may_install(command.words, project)
                found.complete &= step.purpose != "clone" and not script and not command.unparsed
                found.listed &= not script and not command.unparsed and not _is_cloned_into(command.words, run, image)
                words = pip.arguments(expand(command.raw_words, run.env))
                if words is not None:
                    origin = Origin(file=image.image.file, line=image.line_of(command.line))
                    made = pip.install(words, origin, _reader(image, project, run.workdir or "/"))
                    named = not made.trouble and all(pip.name(text) for text, _ in made.specs)
                    found.complete, found.listed = found.complete and named, found.listed and named
                    listed = tuple(Requirement(text, where.file, where.line) for text, where in made.specs)
                    found.requirements += listed
                    found.steps.append(Installation(listed, tuple(made.flags), ", ".join(made.trouble)))
                    found.flags += [Requirement(flag, origin.file, origin.line) for flag in made.flags]
    return found


def _may_install(words: tuple[str, ...], project: Project) -> bool:
    """Whether a script that the build runs may install packages: one of the project's that can be read, and starts nothing, does not."""
    if "-c" in words:
        return INSTALLS.search(" ".join(words)) is not None
    name = next((PurePosixPath(word).name for word in words if word.endswith((".py", ".sh"))), "")
    path = _only(name, project)
    if not path or project.files[path].size > 2**20 or "-m" in words:
        return True
    return INSTALLS.search(project.files[path].data.decode(errors="replace")) is not None


def _only(name: str, project: Project) -> str:
    """The path of the one file with a name, which a later command may have removed from the image; '' for none or several."""
    paths = [path for path in project.files if PurePosixPath(path).name == name]
    return paths[0] if len(paths) == 1 else ""


def _is_cloned_into(words: tuple[str, ...], run: Run, image: Built) -> bool:
    """Whether a command clones a repository that the working directory lies in, so that its modules are found."""
    if words[:2] != ("git", "clone"):
        return False
    target = str(PurePosixPath(run.workdir or "/", PurePosixPath(words[-1]).name.removesuffix(".git") if "://" in words[-1] else words[-1]))
    return PurePosixPath(image.stage.workdir).is_relative_to(target)


def _reader(image: Built, project: Project, workdir: str) -> pip.Reader:
    def read(path: str) -> tuple[str, str] | None:
        place = str(PurePosixPath(workdir, path))
        source = next(
            (s for s in (image.layout.files.get(place), path, _only(PurePosixPath(path).name, project)) if s in project.files), None
        )
        file = project.files[source] if source is not None else None
        return (file.path, file.text) if file is not None and file.size < 2**20 else None

    return read
