"""A process tree apart: with a table of processes and a network of its own, for a program of ours and what that confines."""

from __future__ import annotations

import fcntl
import os
import socket
import struct

from . import kernel
from .processes import own_user

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def leave(*, network: bool = True) -> None:
    """Let the processes that are forked from now on be a tree apart, the first of them its root, which calls :func:`show_processes`.

    With ``network`` they have none but a loopback of their own. Raises OSError where the kernel refuses.
    """
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | (kernel.CLONE_NEWNET if network else 0)
    if os.geteuid() != 0 or not _unshared(flags):
        own_user(flags)
    if network:
        _switch_on_loopback()


def show_processes() -> None:
    """Let /proc show the processes of the tree. Raises OSError where the kernel refuses."""
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _unshared(flags: int) -> bool:
    try:
        kernel.unshare(flags)
    except OSError:
        return False
    return True


def _switch_on_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        (flags,) = struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0)), 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
