"""Finds the programs below a folder: every project that can be converted on its own, and the units in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from converters.errors import MigrateError
from converters.ledger import Ledger
from converters.project import COG_FILES, COG_TEMPLATES, IGNORED_FOLDERS, MAX_FILE, open_project
from converters.sources.docker.packaging import is_dockerfile

MARKS = frozenset(
    {
        ".git",
        ".runpod",
        "requirements.txt",
        "pyproject.toml",
        "cog.yaml",
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "compose.yml",
    }
)


@dataclass(frozen=True)
class Unit:
    """A program that `batch` converts on its own: the folder to open and the entry file in it ('' for the whole folder)."""

    root: Path
    entry: str
    platform: str


def units(path: Path) -> list[Unit]:
    """Every program below a folder, once, in the order of their paths. A folder without any gives an empty list."""
    top = path.resolve() if path.is_dir() else path.resolve().parent
    found: list[Unit] = []
    starters: list[Path] = []
    served: list[Path] = []
    marked: set[Path] = set()
    dockerfiles: list[Path] = []
    for folder, names in _folders(top):
        model = next((name for name in (*COG_FILES, *COG_TEMPLATES) if name in names), None)
        if model is not None:
            found.append(Unit(folder, model, "replicate"))
        if any(name.endswith(".py") and _starts_worker(folder / name) for name in names):
            starters.append(folder)
        if any(is_dockerfile(name) or (name in MARKS and "compose" in name) for name in names):
            served.append(folder)
        dockerfiles += [folder / name for name in names if is_dockerfile(name)]
        if any(is_dockerfile(name) for name in names) or any((folder / mark).exists() for mark in MARKS):
            marked.add(folder)
    around = {parent for folder in marked for parent in folder.parents}
    copied = {
        parent / source for path in dockerfiles for source in _sources(path) for parent in path.parents if top in (parent, *parent.parents)
    }
    workers = {_project_of(folder, top, marked, around, copied) for folder in starters}
    servers = dict.fromkeys(_project_of(folder, top, marked, around, copied) for folder in served)
    best: dict[Path, tuple[int, Unit]] = {}
    for root in sorted(workers, key=lambda root: (-len(root.parts), root)):  # an outer project sees the programs of inner ones too
        for missing, unit in _workers(root, top):
            program = unit.root / unit.entry
            if program not in best or missing < best[program][0]:
                best[program] = (missing, unit)
    found += [unit for _, unit in best.values()]
    taken = {unit.root for unit in found}
    found += [
        Unit(root, "", "docker")
        for root in servers
        if not any(root == known or root in known.parents or known in root.parents for known in taken)
    ]
    return sorted(found, key=lambda unit: (str(unit.root), unit.entry))


def _folders(top: Path) -> Iterator[tuple[Path, list[str]]]:
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in IGNORED_FOLDERS)
        yield Path(folder), sorted(names)


def _starts_worker(path: Path) -> bool:
    try:
        return not path.is_symlink() and path.stat().st_size <= MAX_FILE and b"serverless.start" in path.read_bytes()
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


def _workers(root: Path, top: Path) -> list[tuple[int, Unit]]:
    """The workers of a project, each with how many files its image lacks; opened from a folder above where that one holds more of them."""
    best = _surveyed(root)
    if best is None:
        return [(0, Unit(root, "", "runpod"))]
    for folder in root.parents if root != top else ():
        lacking = {source for unit in best for source in unit.missing}
        if any((folder / source).exists() for source in lacking):
            own = [unit for unit in _surveyed(folder) or () if root in (folder / unit.entry).parents]
            if own and sum(len(unit.missing) for unit in own) < sum(len(unit.missing) for unit in best):
                best = own
        if folder == top:
            break
    return [(len(worker.missing), Unit(worker.root, worker.entry, "runpod")) for worker in best] or [(0, Unit(root, "", "runpod"))]


@dataclass(frozen=True)
class _Worker:
    root: Path
    entry: str
    missing: tuple[str, ...]
    """What its Dockerfile copies and the folder does not hold."""


def _surveyed(root: Path) -> list[_Worker] | None:
    """The workers of a folder; None where it cannot be read."""
    from converters.sources.runpod.units import survey

    try:
        found = survey(open_project(root), Ledger())
    except MigrateError:
        return None
    return [
        _Worker(root, unit.entry, tuple(source for source, _ in unit.packaging.layout.missing) if unit.packaging else ())
        for unit in found.units
    ]
