"""Who uses a store, so that what an ended build has left there is removed when nobody does."""

from __future__ import annotations

import fcntl
from pathlib import Path


class Use:
    """One use of the store of `folder`, until :meth:`close`; others may use it at the same time, also of other programs."""

    def __init__(self, folder: Path) -> None:
        self._mark = folder / "leftovers"
        self._lock = (folder / "lock").open("a")
        self._alone = False
        if self._mark.exists():
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._alone = True
            except BlockingIOError:
                pass
        if not self._alone:
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def has_leftovers(self) -> bool:
        """Whether there is something to remove, and nobody else who uses the store."""
        return self._alone and self._mark.exists()

    def clean(self) -> None:
        """It was removed: others may use the store again."""
        self._mark.unlink(missing_ok=True)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def leaves(self) -> None:
        """This use was ended in the middle."""
        self._mark.touch()

    def close(self) -> None:
        self._lock.close()
