"""The folder in which both sides have their files while they run."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from converters.output.base import cache_folder

_ROOM = 2**24
"""Bytes that must be free on its disk for a failure not to be the disk's."""


def scratch_folder() -> Path:
    """Where scratch folders are made: not in /tmp, which each side has to itself. Raises OSError."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def require_room(failure: str, folder: str) -> None:
    """Raises OSError where a side failed because the disk is full: that says nothing of the conversion."""
    if os.strerror(errno.ENOSPC) in failure and shutil.disk_usage(folder).free < _ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
