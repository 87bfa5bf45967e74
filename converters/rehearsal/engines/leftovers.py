"""Who uses a store, so that what an ended build has left there is removed when nobody does."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path


class Use:
    """One use of the store of `folder`, until :meth:`close`; others may use it at the same time, also of other programs.

    What is left by those that could not clean up is seen by their folders below `rooms`, which they remove as the last thing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rooms, self._mark = folder / "rooms", folder / "leftovers"
        self._lock = (folder / "lock").open("a")
        self._left: list[Path] = []
        self.has_leftovers = False
        """Whether there is something to remove from the store, and nobody else who uses it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._lock, fcntl.LOCK_SH)
        else:
            self._left = list(self._rooms.glob("room-*"))
            self.has_leftovers = bool(self._left) or self._mark.exists()
            if not self.has_leftovers:
                fcntl.flock(self._lock, fcntl.LOCK_SH)

    def clean(self) -> None:
        """It was removed from the store: so are the folders, and others may use it again."""
        for folder in self._left:
            shutil.rmtree(folder, ignore_errors=True)
        self._mark.unlink(missing_ok=True)
        self.has_leftovers = False
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def leaves(self) -> None:
        """This use was ended in the middle."""
        self._mark.touch()

    def close(self) -> None:
        self._lock.close()
