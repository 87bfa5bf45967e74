"""Finds the programs below a folder: every project that can be converted on its own, and the units in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from converters.errors import MigrateError
from converters.ledger import Ledger
from converters.project import IGNORED_FOLDERS, MAX_FILE, open_project
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
    """Every program below a folder, in the order of their paths. A folder without any gives an empty list."""
    top = path.resolve() if path.is_dir() else path.resolve().parent
    found: list[Unit] = []
    workers: dict[Path, None] = {}
    servers: dict[Path, None] = {}
    for folder, names in _folders(top):
        if "cog.yaml" in names:
            found.append(Unit(folder, "cog.yaml", "replicate"))
        if any(name.endswith(".py") and _starts_worker(folder / name) for name in names):
            workers.setdefault(_project_of(folder, top))
        if any(is_dockerfile(name) or (name in MARKS and "compose" in name) for name in names):
            servers.setdefault(_project_of(folder, top))
    for root in workers:
        found += [unit for unit in _workers(root, top) if unit not in found]
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


def _project_of(folder: Path, top: Path) -> Path:
    """The nearest folder from here up that looks like a project of its own; the last one below `top` otherwise."""
    current = folder
    while current != top:
        if any((current / mark).exists() for mark in MARKS) or any(is_dockerfile(name.name) for name in current.iterdir()):
            return current
        if current.parent == top and not _is_project(top):
            return current
        current = current.parent
    return top


def _is_project(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in MARKS) or any(is_dockerfile(name.name) for name in folder.iterdir())


def _workers(root: Path, top: Path) -> list[Unit]:
    """The workers of a project; of the folder above it where their Dockerfiles copy from there."""
    from converters.sources.runpod.units import survey

    best: tuple[int, list[Unit]] | None = None
    while True:
        try:
            found = survey(open_project(root), Ledger())
        except MigrateError:
            return [Unit(root, "", "runpod")]
        missing = sum(len(unit.packaging.layout.missing) for unit in found.units if unit.packaging)
        rows = [Unit(root, unit.entry, "runpod") for unit in found.units] or [Unit(root, "", "runpod")]
        if best is None or missing < best[0]:
            best = (missing, rows)
        if missing == 0 or root == top:
            return best[1]
        root = root.parent
