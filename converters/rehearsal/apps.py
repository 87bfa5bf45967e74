"""The apps of a fal project, each loaded and pickled as `fal deploy` does, and where their settings stand in its files."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.errors import Unreadable, Unsupported, UsageError
from converters.path_hints import missing
from converters.preflight.apps import Program, programs
from converters.project import Project, open_project
from fal_runtime.described import Described, describe
from fal_runtime.errors import LoadFailure, RuntimeFailure, UnreadableProject
from fal_runtime.project import Project as FalProject
from fal_runtime.project import read


@dataclass(frozen=True)
class App:
    """An app of a project: as fal's client describes it, and as its files state it (None where reading does not find it)."""

    key: str
    """Its table in pyproject.toml, or `file.py::Class`."""
    described: Described
    program: Program | None
    project: Project

    @property
    def name(self) -> str:
        return self.described.spec.name


@dataclass(frozen=True)
class NotLoaded:
    """An app that fal's client cannot load either, and what it says."""

    key: str
    why: str


def chosen(path: Path, only: Sequence[str] = ()) -> FalProject:
    """The project that a path names: a folder, its pyproject.toml, or `app.py[::Class]`, with the apps that are named, or all.

    Raises `Unreadable`, `Unsupported`, `UsageError`.
    """
    file, _, symbol = str(path).partition("::")
    if file.endswith(".py"):
        if not Path(file).is_file():
            raise missing(Path(file))
        root = Path(file).resolve().parent
        return FalProject(root, ("::".join([Path(file).name, *filter(None, [symbol])]),))
    if not path.exists():
        raise missing(path)
    try:
        return read(path).only(only)
    except UnreadableProject as error:
        if only:
            raise UsageError(str(error)) from None
        found = programs(open_project(path)) if path.is_dir() else []
        if not found:
            hint = "Give the folder of a fal project; `migrate` converts others."
            raise Unsupported("holds no fal app.", file=str(path), hint=hint) from None
        return FalProject(path.resolve(), tuple(f"{program.file}::{program.symbol}" for program in found))


def load(found: FalProject, directory: Path) -> list[App | NotLoaded]:
    """Load and pickle every app; `directory` outlives the answer. Raises `Unreadable` where nothing can be loaded at all."""
    try:
        described = asyncio.run(describe(found, directory))
    except RuntimeFailure as error:
        raise Unreadable(str(error), file=str(found.root)) from error
    project = open_project(found.root)
    found_programs = programs(project)
    return [_app(key, one, found_programs, project) for key, one in described.items()]


def _app(key: str, described: Described | LoadFailure, found: Sequence[Program], project: Project) -> App | NotLoaded:
    if isinstance(described, LoadFailure):
        return NotLoaded(key, str(described).removeprefix(f"{key}: "))
    return App(key, described, stated(key, described, found, project.root), project)


def stated(key: str, described: Described, found: Sequence[Program], root: Path) -> Program | None:
    """The app among the programs that the project's files state; None where reading does not find it."""
    file, _, symbol = (described.spec.ref or "").partition("::")
    relative = Path(file).relative_to(root).as_posix() if file and Path(file).is_relative_to(root) else file
    for program in found:
        if program.kind == "server" and program.symbol == key:
            return dataclasses.replace(program, name=described.spec.name)
        if file and program.file == relative and symbol in ("", program.symbol):
            return program
    return None
