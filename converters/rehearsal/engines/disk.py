"""How much a build or process may write: a control group has no bound for that."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_PERIOD = 1.0
DISK_FULL = "left the disk less than"
"""How it is told that the disk is full, by whomever."""
_LEAST = 2 * 2**30
"""Bytes that the disk must have left, as far as it had them before."""


class Disk:
    """Watches what is written into new directories of `parents`; calls `on_exceeded` with a sentence where it is more than `most` bytes."""

    def __init__(self, parents: Sequence[Path], most: int, on_exceeded: Callable[[str], object]) -> None:
        self._folder, self._parents, self._most, self._on_exceeded = parents[0].parent, parents, most, on_exceeded
        self._began, self._free = time.time(), _free(self._folder)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="disk", daemon=True)

    def __enter__(self) -> Disk:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_PERIOD):
            free = _free(self._folder)
            if free < min(_LEAST, self._free // 2):
                self._on_exceeded(f"{DISK_FULL} {min(_LEAST, self._free // 2) / 2**30:.1f} GiB")
                return
            if self._free - free > self._most:
                if self._written() > self._most:
                    self._on_exceeded(f"wrote more than {self._most / 2**30:.1f} GiB")
                    return
                self._free = free + self._most // 2  # it was somebody else; to be looked at again after half as much

    def _written(self) -> int:
        """Bytes of the files in layers and other directories that were made since the watch began."""
        made = [
            entry for parent in self._parents for entry in _entries(parent) if entry.stat(follow_symlinks=False).st_mtime >= self._began - 1
        ]
        return sum(_size(entry.path) for entry in made if entry.is_dir(follow_symlinks=False))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _size(folder: str) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118 -- of very many files
    return total


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
