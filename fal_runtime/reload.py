"""Edits of a project's files, for ``migrate run --reload``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

#: Seconds between two looks at the files.
PERIOD = 0.5
#: Folders in which programs write, and files that are looked at.
_SKIPPED = frozenset(["__pycache__", "node_modules", "site-packages"])
_MOST_FILES = 20_000

Files = Mapping[Path, tuple[int, int]]


async def watch(root: Path, changed: Callable[[set[Path]], Awaitable[None]], without: Collection[Path] = ()) -> None:
    """Tell of the files below ``root`` that were edited, added or removed, once nothing is written any more; until it is cancelled.

    Folders of ``without`` are not looked at.
    """
    told = await asyncio.to_thread(files, root, without)
    before = told
    while True:
        await asyncio.sleep(PERIOD)
        now = await asyncio.to_thread(files, root, without)
        if now == before and now != told:
            different = {path for path in now.keys() | told.keys() if now.get(path) != told.get(path)}
            told = now
            await changed(different)
        before = now


def files(root: Path, without: Collection[Path] = ()) -> Files:
    """The files of a project, each with what changes when it is written: its time (ns) and its size in bytes."""
    found: dict[Path, tuple[int, int]] = {}
    for folder, folders, names in os.walk(root):
        kept = (name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        folders[:] = sorted(name for name in kept if Path(folder, name) not in without and not Path(folder, name, "pyvenv.cfg").exists())
        for name in sorted(names):
            if len(found) >= _MOST_FILES:
                return found
            path = Path(folder, name)
            try:
                about = path.stat()
            except OSError:
                continue
            if not name.startswith("."):
                found[path] = (about.st_mtime_ns, about.st_size)
    return found
