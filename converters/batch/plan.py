"""What a batch converts, and where each output goes: names that depend on the paths alone, and never collide."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from converters.batch.remainder import remainder
from converters.errors import ExitCode, MigrateError
from converters.reports.json import Document, failure


@dataclass(frozen=True)
class Job:
    """One unit to convert into `output`; `problem` is its result where it was not even found."""

    root: Path
    entry: str
    output: Path
    problem: Document | None = None
    inside: str = ""
    """Its path below the one that was given, with slashes; its own name where it is that one."""
    endpoint: Path | None = None
    """The exported settings of its endpoint."""


@dataclass
class Places:
    """Hands out output folders of which none equals or contains another."""

    taken: set[str] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)

    def claim(self, base: Path, parts: Sequence[str]) -> Path:
        """`base/part/part`; where that is taken, its parts joined into one name, numbered if need be."""
        number, place = 1, base.joinpath(*parts)
        while self._collides(place):
            name = "--".join(parts)
            place = base / (name if number == 1 else f"{name}-{number}")
            number += 1
        self.taken.add(_key(place))
        self.parents.update(_key(parent) for parent in place.parents)
        return place

    def _collides(self, place: Path) -> bool:
        return {_key(place)} <= self.taken | self.parents or any(_key(parent) in self.taken for parent in place.parents)


@dataclass
class Plan:
    """All jobs, in the order of the paths given, and what was left out: (path, why)."""

    jobs: list[Job] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)


def planned(paths: Sequence[Path], output: Path | None) -> Plan:
    """All units below the paths. A path in which nothing is found at all is one job: its conversion says why."""
    places = Places()
    plan = Plan()
    for path in paths:
        folder = _absolute(path if path.is_dir() or not path.exists() else path.parent)
        found = []
        for unit in _units(path, plan):
            if output is not None and unit[0].resolve().is_relative_to(output.resolve()):
                plan.left_out.append((unit[0], "below the output folder"))
            else:
                found.append(unit)
        shared = Counter(root for root, _, _ in found)
        for root, entry, problem in found:
            base, parts = _wanted(folder, root, entry if shared[root] > 1 else "", output, len(paths) > 1)
            plan.jobs.append(Job(root, entry, places.claim(base, parts), problem, _inside(folder, root)))
        if found and path.is_dir():
            plan.left_out += _remainder(path, output, plan)
    return plan


def _remainder(path: Path, output: Path | None, plan: Plan) -> list[tuple[Path, str]]:
    """What below a folder belongs to no project; outputs are ours."""
    known = [job.root.resolve() for job in plan.jobs] + [job.output.resolve() for job in plan.jobs]
    known += [left.parent.resolve() / left.name for left, _ in plan.left_out]
    return list(remainder(path.resolve(), [*known, output.resolve()] if output is not None else known))


def _inside(folder: Path, root: Path) -> str:
    for start in (folder, folder.resolve()):
        if root != start and root.is_relative_to(start):
            return root.relative_to(start).as_posix()
    return root.name


def _units(path: Path, plan: Plan) -> Iterator[tuple[Path, str, Document | None]]:
    from converters.discovery import CONVERTED, search

    try:
        found = search(path)
    except MigrateError as error:
        yield _absolute(path), "", failure(path, "unreadable", error, error.code)
        return
    except (Exception, RecursionError) as error:
        yield _absolute(path), "", failure(path, "crashed", f"{type(error).__name__}: {error}.", ExitCode.BUG)
        return
    plan.left_out += [(_absolute(one.path), one.why) for one in found.left_out]
    for unit in found.units:
        yield _absolute(unit.root), unit.entry, None
    if not found.units and all(one.why != CONVERTED for one in found.left_out):
        yield _absolute(path), "", None


def _wanted(folder: Path, root: Path, entry: str, output: Path | None, several: bool) -> tuple[Path, list[str]]:
    """The base folder and the names below it; `entry` where several units share the root."""
    start = folder if root.is_relative_to(folder) else folder.resolve()
    inner = list(root.relative_to(start).parts) if root.is_relative_to(start) else [root.name]
    inner += PurePosixPath(entry).with_suffix("").parts if entry else ()
    name = folder.name or "root"
    if output is None:
        return folder.parent, [f"{name}-fal", *_ended(inner)]
    prefix = [name] if several or not inner else []
    return _absolute(output), _ended([*prefix, *inner])


def _ended(parts: list[str]) -> list[str]:
    return [*parts[:-1], f"{parts[-1]}-fal"] if parts else []


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link that is given stays the name of its output


def _key(path: Path) -> str:
    """Names that differ by case only are one on some systems."""
    return str(path).casefold()
