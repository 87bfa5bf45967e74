"""What stands below a path of a batch and belongs to no project: nothing of it is passed over in silence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from converters.project import IGNORED_FOLDERS, SCRATCH

NO_PROGRAM = "no program of a known platform"


def remainder(top: Path, accounted: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The greatest folders, and the files beside projects, that are neither in nor around anything accounted for.

    `accounted` are the roots of projects and what was left out with a reason of its own. Caches such as .git are nothing to tell.
    """
    known = {path for path in accounted if path == top or top in path.parents}
    around = {parent for path in known for parent in path.parents}
    yield from _below(top, known, around)


def _below(folder: Path, known: set[Path], around: set[Path]) -> Iterator[tuple[Path, str]]:
    if folder in known or folder not in around:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # told by the search
    for entry in entries:
        path = Path(entry.path)
        if path in known or entry.name in IGNORED_FOLDERS or SCRATCH.match(entry.name):
            continue
        if path in around and entry.is_dir(follow_symlinks=False):
            yield from _below(path, known, around)
        else:
            yield path, NO_PROGRAM
