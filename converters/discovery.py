"""Finds the programs below a folder: every project that can be converted on its own, and the units in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from converters import entries
from converters.containers.packaging import is_dockerfile
from converters.converted import MARKS, FalApp, fal_apps, is_covered, is_served
from converters.errors import MigrateError
from converters.project import (
    IGNORED_FOLDERS,
    MAX_FILE,
    SCRATCH,
    environment_of,
    holds_packages,
    open_project,
    parts_of_environment,
)
from converters.sources.platform import Platform
from converters.sources.registry import platforms


@dataclass(frozen=True)
class Unit:
    """A program that `batch` converts on its own: the folder to open and the entry file in it ('' for the whole folder)."""

    root: Path
    entry: str
    platform: str


@dataclass(frozen=True)
class LeftOut:
    """A folder below the path in which no program is looked for, or whose programs are converted already."""

    path: Path
    why: str


@dataclass
class Search:
    """What was found below a path."""

    units: list[Unit]
    left_out: list[LeftOut] = field(default_factory=list)


CONVERTED = "a fal project already"


def units(path: Path) -> list[Unit]:
    """Every program below a folder, once, in the order of their paths. A folder without any gives an empty list."""
    return search(path).units


def search(path: Path) -> Search:
    """Every program below a folder, or the one that an entry is, and what was left out.

    Raises `Unreadable` for a path that does not exist or is neither a folder nor an entry.
    """
    folder = entries.folder_of(path)
    if not path.is_dir():
        return _of_entry(folder, path)
    walk = _Walk(path.resolve())
    found = _units(walk)
    return Search(found, sorted(walk.left_out, key=lambda one: str(one.path)))


def _of_entry(folder: Path, path: Path) -> Search:
    project = open_project(folder)
    unit = entries.unit_of(project, path)
    apps = fal_apps(project.root)
    done = is_served(apps, project.root, unit) if unit.endswith(".py") else is_covered(apps, project.root, project.root / unit, whole=True)
    if done:
        return Search([], [LeftOut(project.root, CONVERTED)])
    owner = next((one.name for one in platforms() if one.owns(project, unit)), "")
    return Search([Unit(project.root, unit, owner)])


class _Walk:
    """The folders below a top one that may hold programs; `done` says of a program that it is a fal app's."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.left_out: list[LeftOut] = []
        self.environment = parts_of_environment(top)
        self.apps: dict[Path, tuple[FalApp, ...]] = {}

    def folders(self) -> Iterator[tuple[Path, list[str]]]:
        def unread(error: OSError) -> None:
            self.left_out.append(LeftOut(Path(error.filename), f"cannot be read: {error.strerror}"))

        for name, folders, names in os.walk(self.top, onerror=unread):
            folder = Path(name)
            folders[:] = [inner for inner in sorted(folders) if self._is_entered(folder / inner)]
            if "pyproject.toml" in names and (apps := fal_apps(folder)):
                self.apps[folder] = apps
                self.left_out.append(LeftOut(folder, CONVERTED))
            yield folder, sorted(names)

    def _is_entered(self, folder: Path) -> bool:
        """Whether programs are looked for in a folder; that it is not is told, but for caches and the like."""
        if folder.is_symlink():
            why = "a symbolic link to a folder"
        elif environment := environment_of(folder):
            why = environment
        elif folder.name in IGNORED_FOLDERS or SCRATCH.match(folder.name):
            return False
        elif folder.relative_to(self.top).as_posix() in self.environment:
            why = "a part of an environment"
        else:
            return not self._holds_packages(folder)
        self.left_out.append(LeftOut(folder, why))
        return False

    def _holds_packages(self, folder: Path) -> bool:
        try:
            found = holds_packages(entry.name for entry in folder.iterdir())
        except OSError:
            return False  # said where it is entered
        if found:
            self.left_out.append(LeftOut(folder, "installed packages"))
        return found

    def done(self, program: Path, *, whole: bool = False) -> bool:
        return any(is_covered(apps, folder, program, whole=whole) for folder, apps in self.apps.items())


def _units(walk: _Walk) -> list[Unit]:
    top = walk.top
    kinds = {kind: [one for one in platforms() if one.finds == kind] for kind in ("file", "code", "folder")}
    found: list[Unit] = []
    starters: list[tuple[Path, Platform]] = []
    served: list[tuple[Path, Platform]] = []
    marked: set[Path] = set()
    dockerfiles: list[Path] = []
    for folder, names in walk.folders():
        for one in kinds["file"]:
            program = next((name for name in one.files if name in names), None)
            if program is not None and not walk.done(folder / program):
                found.append(Unit(folder, program, one.name))
        for one in kinds["code"]:
            if any(_is_program(one, folder / name) and not walk.done(folder / name) for name in names):
                starters.append((folder, one))
        for one in kinds["folder"]:
            if one.stands_in(names) and not walk.done(folder / "Dockerfile", whole=True):
                served.append((folder, one))
        dockerfiles += [folder / name for name in names if is_dockerfile(name)]
        if any(is_dockerfile(name) for name in names) or any((folder / mark).exists() for mark in MARKS):
            marked.add(folder)
    around = {parent for folder in marked for parent in folder.parents}
    copied = {
        parent / source for path in dockerfiles for source in _sources(path) for parent in path.parents if top in (parent, *parent.parents)
    }
    workers = {(_project_of(folder, top, marked, around, copied), one) for folder, one in starters}
    servers = dict.fromkeys((_project_of(folder, top, marked, around, copied), one) for folder, one in served)
    best: dict[Path, tuple[int, Unit]] = {}
    for root, one in sorted(workers, key=_inner_first):  # an outer project sees the programs of inner ones too
        for missing, unit in _workers(root, top, one):
            place = unit.root / unit.entry
            if place not in best or missing < best[place][0]:
                best[place] = (missing, unit)
    found += [unit for _, unit in best.values()]
    taken = {unit.root for unit in found}
    found += [
        Unit(root, "", one.name)
        for root, one in servers
        if not any(root == known or root in known.parents or known in root.parents for known in taken)
    ]
    return sorted(found, key=lambda unit: (str(unit.root), unit.entry))


def _inner_first(worker: tuple[Path, Platform]) -> tuple[int, Path, int]:
    root, platform = worker
    return -len(root.parts), root, platform.order


def _is_program(platform: Platform, path: Path) -> bool:
    def read() -> bytes:
        return b"" if path.is_symlink() or path.stat().st_size > MAX_FILE else path.read_bytes()

    try:
        return platform.is_program(path.name, read)
    except OSError:
        return False


def _sources(dockerfile: Path) -> set[str]:
    """The first folders of what a Dockerfile copies."""
    try:
        text = dockerfile.read_bytes()[:MAX_FILE].decode(errors="replace")
    except OSError:
        return set()
    words = [word for line in re.findall(r"(?im)^\s*(?:COPY|ADD)\s+(.+)$", text) for word in line.split()[:-1]]
    return {found[1] for word in words if (found := re.match(r"(?:\./)?([\w.+-]*[\w+-])(?:/|$)", word))}


def _project_of(folder: Path, top: Path, marked: set[Path], around: set[Path], copied: set[Path]) -> Path:
    """The nearest folder from here up that looks like a project of its own; else from which a Dockerfile copies; else around a project.

    The folder itself where there is none.
    """
    chain = [one for one in (folder, *folder.parents) if one == top or top in one.parents]
    of_context = {below.parent for below in chain if below in copied}
    for wanted in (marked, of_context, around - {top}):
        for one in chain:
            if one in wanted:
                return one
    return folder


def _workers(root: Path, top: Path, platform: Platform) -> list[tuple[int, Unit]]:
    """The workers of a project, each with how many files its image lacks; opened from a folder above where that one holds more of them."""
    best = _surveyed(root, platform)
    whole = [(0, Unit(root, "", platform.name))]
    if best is None:
        return whole
    for folder in root.parents if root != top else ():
        lacking = {source for unit in best for source in unit.missing}
        if any((folder / source).exists() for source in lacking):
            own = [unit for unit in _surveyed(folder, platform) or () if root in (folder / unit.entry).parents]
            if own and sum(len(unit.missing) for unit in own) < sum(len(unit.missing) for unit in best):
                best = own
        if folder == top:
            break
    return [(len(worker.missing), Unit(worker.root, worker.entry, platform.name)) for worker in best] or whole


@dataclass(frozen=True)
class _Worker:
    root: Path
    entry: str
    missing: tuple[str, ...]
    """What its Dockerfile copies and the folder does not hold."""


def _surveyed(root: Path, platform: Platform) -> list[_Worker] | None:
    """The workers of a folder; None where it cannot be read."""
    try:
        return [_Worker(root, program.entry, program.missing) for program in platform.units(open_project(root))]
    except MigrateError:
        return None
