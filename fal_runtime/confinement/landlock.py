"""Landlock (Linux 5.13 and newer): holds a process to paths of the machine where it cannot have a view of its own.

It bars reading, writing, making and removing elsewhere, also in child processes, and mounting altogether. It does not bar changing
modes, owners and times of files, nor sockets that have a path, nor System V and POSIX IPC (linux/Documentation/userspace-api/landlock.rst).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from . import kernel

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_ALL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Bits of the accesses to files that each version of the interface knows."""
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_SCOPE_VERSION = 6
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


def version() -> int:
    """The version of the kernel's interface; 0 where it has none."""
    return kernel.landlock_version()


def scope() -> bool:
    """Bar abstract sockets and signals of processes outside. Whether the kernel can."""
    known = version()
    if known < _SCOPE_VERSION:
        return False
    _apply(kernel.landlock_ruleset(0, 0, _ABSTRACT_SOCKETS | _SIGNALS, known))
    return True


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Hold this process and its children to these paths; what does not exist is passed over. Raises OSError."""
    known = version()
    everything = _ALL[min(known, max(_ALL))]
    ruleset = kernel.landlock_ruleset(everything, 0, _ABSTRACT_SOCKETS | _SIGNALS if known >= _SCOPE_VERSION else 0, known)
    for path in readable:
        _allow(ruleset, path, _READING & everything)
    for path in writable:
        _allow(ruleset, path, everything)
    _apply(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_directory = stat.S_ISDIR(os.fstat(opened).st_mode)
        kernel.landlock_allow(ruleset, opened, access if is_directory else access & _OF_FILES)
    finally:
        os.close(opened)


def _apply(ruleset: int) -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.landlock_restrict(ruleset)
    os.close(ruleset)
