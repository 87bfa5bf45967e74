"""Two names of a file system that change what they stand for at one instant."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Let each name stand for what the other stood for. False where the system cannot; then nothing has changed.

    Raises `OSError` for what stands against it in any other way.
    """
    rename = _renameat2()
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(one))


@lru_cache(maxsize=1)
def _renameat2() -> Any:
    """The C library's function, None where it has none."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None


def _codes() -> frozenset[int]:
    import errno

    return frozenset({errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP})


_UNKNOWN = _codes()
"""What kernels and file systems answer that do not know the flag."""
