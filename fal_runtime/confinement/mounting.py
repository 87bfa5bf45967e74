"""Makes what a view shows the files of a process: every node of its tree is mounted on an empty root, and the machine's goes away."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from . import kernel
from .view import Node

#: Parts of /proc through which root changes the whole machine.
_COVERED = ("sys", "sysrq-trigger", "irq", "bus", "fs", "scsi", "acpi", "mtrr", "driver", "dynamic_debug")
_SHARED_MEMORY = 2**30
_ROOT_MEMORY = 2**28
"""Bytes that may be written to /dev/shm, and beside what is mounted: both are memory."""


def mount(root: Node, stage: Path, cwd: str) -> None:
    """Make the tree the root of this process, which has left the machine's table of mounts. Raises OSError."""
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", str(stage), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"mode=755,size={_ROOT_MEMORY}")
    os.chdir(stage)
    for name in ("old", "new"):
        os.mkdir(name, 0o755)
    kernel.pivot_root(".", "old")
    os.chdir("/")
    kernel.mount("/new", "/new", None, kernel.MS_BIND)
    new = os.open("/new", os.O_PATH | os.O_DIRECTORY)
    _fill(new, root)
    _mount_kernel(new)
    os.close(new)
    os.chdir("/new")
    kernel.pivot_root(".", ".")
    kernel.detach(".")
    os.chdir(cwd)


def _fill(directory: int, node: Node) -> None:
    for name, child in sorted(node.children.items()):
        if child.link is not None:
            _remove_link(directory, name)
            os.symlink(child.link, name, dir_fd=directory)
            continue
        is_directory = child.source is None or stat.S_ISDIR(os.lstat(f"/old{child.source}").st_mode)
        _make(directory, name, is_directory)
        if child.source is not None:
            _bind(f"/old{child.source}", directory, name, child)
        if child.children:
            below = _open(directory, name)
            _fill(below, child)
            os.close(below)


def _make(directory: int, name: str, is_directory: bool) -> None:
    """A place to mount on. What is there stays, but for a link."""
    _remove_link(directory, name)
    try:
        if is_directory:
            os.mkdir(name, 0o755, dir_fd=directory)
        else:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o644, dir_fd=directory))
    except FileExistsError:
        pass


def _remove_link(directory: int, name: str) -> None:
    try:
        if stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        pass


def _bind(source: str, directory: int, name: str, node: Node) -> None:
    target = _open(directory, name)
    opened = os.open(source, os.O_PATH) if node.device else kernel.open_without_links(source)
    kernel.mount(f"/old/proc/self/fd/{opened}", f"/old/proc/self/fd/{target}", None, kernel.MS_BIND | kernel.MS_REC)
    for fd in (opened, target):
        os.close(fd)
    target = _open(directory, name)  # what is mounted there now
    kernel.set_attributes(target, kernel.NOSUID | (0 if node.device else kernel.NODEV) | (0 if node.writable else kernel.RDONLY))
    os.close(target)


def _open(directory: int, name: str) -> int:
    return os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=directory)


def _mount_kernel(new: int) -> None:
    """A /proc with the processes of this namespace alone, the machine's /sys to read, /dev/shm and terminals of its own."""
    for name in ("proc", "sys"):
        _make(new, name, True)
    try:
        kernel.mount("proc", "/new/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    except OSError:  # where parts of the machine's are covered, as in most containers
        kernel.mount("/old/proc", "/new/proc", None, kernel.MS_BIND | kernel.MS_REC)
    if os.path.isdir("/old/sys"):
        _bind("/old/sys", new, "sys", Node())
    dev = _open(new, "dev")
    _make(dev, "shm", True)
    os.close(dev)
    kernel.mount("tmpfs", "/new/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"mode=1777,size={_SHARED_MEMORY}")
    try:
        os.mkdir("/new/dev/pts")
        flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
        kernel.mount("devpts", "/new/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
        os.symlink("pts/ptmx", "/new/dev/ptmx")
    except OSError:
        pass  # no terminals, then


def cover_proc() -> None:
    """Make the parts of /proc read-only that change the whole machine, and those empty that name the user's keys. Raises OSError."""
    for name in ("keys", "key-users"):
        if os.path.exists(f"/proc/{name}"):
            kernel.mount("/dev/null", f"/proc/{name}", None, kernel.MS_BIND)
    for name in _COVERED:
        path = f"/proc/{name}"
        if os.path.exists(path):
            kernel.mount(path, path, None, kernel.MS_BIND | kernel.MS_REC)
            covered = os.open(path, os.O_PATH)
            kernel.set_attributes(covered, kernel.RDONLY | kernel.NOSUID | kernel.NODEV)
            os.close(covered)
