"""A private view of the file system for one process.

On the platform an app finds its files at absolute paths: ``/app`` for ``app_files``, the image's own
``WORKDIR``, and ``/data`` for storage. Here the process gets a new mount namespace whose root is the
machine's root with the staged files grafted in at those same paths. It needs no privileges where the
kernel lets users create namespaces; where it does not, callers fall back to the process's plain view.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_SLAVE = 2, 4, 4096, 16384, 1 << 19
_MNT_DETACH = 2
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_KERNEL = frozenset({"proc", "sys", "dev"})


def enter(stage: Path, scratch: Path, binds: Mapping[str, Path], cwd: str, keep: Iterable[str] = ()) -> None:
    """Give the calling process its own root.

    ``stage`` is an empty directory to build on, ``scratch`` holds the files to graft in at the paths they have
    below it, ``binds`` maps absolute paths to directories of the machine, ``keep`` are paths that stay visible. Where ``scratch`` has a
    ``tmp``, the process's /tmp is its own, but for what Python itself needs of the machine's, and the paths in FAL_RUNTIME_VISIBLE. The
    process must have one thread.
    Raises OSError where the kernel refuses.
    """
    needed = [
        *keep,
        str(stage),
        str(scratch),
        *map(str, binds.values()),
        sys.prefix,
        sys.base_prefix,
        str(Path(__file__).parent),
        *sys.path,
        *os.environ.get("FAL_RUNTIME_VISIBLE", "").split(os.pathsep),
    ]
    unshare()
    _mount(None, "/", None, _MS_REC | _MS_SLAVE)
    _mount("tmpfs", str(stage), "tmpfs", _MS_NOSUID | _MS_NODEV)
    for name in ("old", "new"):
        (stage / name).mkdir()
    os.chdir(stage)
    _call("pivot_root", str(stage).encode(), str(stage / "old").encode())
    os.chdir("/")
    _graft(Path("/old"), Path("/old") / scratch.relative_to("/"), Path("/new"), [f"/old{path}" for path in needed if path.startswith("/")])
    for target, source in binds.items():
        inside = Path("/new") / target.lstrip("/")
        inside.mkdir(parents=True, exist_ok=True)
        _bind(Path("/old") / source.relative_to("/"), inside)
    _bind(Path("/new"), Path("/new"))
    os.chdir("/new")
    _call("pivot_root", b".", b".")
    _call("umount2", b".", _MNT_DETACH)
    os.chdir(cwd)


def available(stage: Path) -> str | None:
    """None if this process may use :func:`enter`, else the reason why not. Forks to find out."""
    if sys.platform != "linux":
        return "needs Linux"
    if os.environ.get("FAL_RUNTIME_SANDBOX") == "off":
        return "switched off by FAL_RUNTIME_SANDBOX"
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            enter(stage, stage, {}, "/")
        except BaseException as error:
            os.write(writer, str(error).encode()[:500] or b"refused")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        reason = answer.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return reason or None


def unshare(more: int = 0) -> None:
    """Leave the machine's table of mounts, and what else ``more`` names. Raises OSError where the kernel refuses.

    Of a new network there is only the loopback, which is switched on.
    """
    if os.getuid() != 0 or not _unshared(_CLONE_NEWNS | more):
        uid, gid = os.getuid(), os.getgid()
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS | more)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    if more & CLONE_NEWNET:
        _switch_on_loopback()


def _unshared(flags: int) -> bool:
    try:
        _call("unshare", flags)
    except OSError:
        return False
    return True


def _switch_on_loopback() -> None:
    import fcntl  # not on Windows

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        (flags,) = struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0)), 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _graft(host: Path, overlay: Path, target: Path, needed: Sequence[str]) -> None:
    """Fill ``target`` with the entries of ``host``, those of ``overlay`` taking their place; of /tmp only with what is needed."""
    ours = {entry.name: entry for entry in os.scandir(overlay)} if overlay.is_dir() else {}
    theirs = {entry.name: entry for entry in os.scandir(host)}
    if host == Path("/old/tmp"):
        theirs = {name: entry for name, entry in theirs.items() if any((path + "/").startswith(f"{entry.path}/") for path in needed)}
    for name in sorted(ours.keys() | theirs.keys()):
        entry, inside = ours.get(name), target / name
        if entry is None or (host == Path("/old") and name in _KERNEL):
            _place(theirs[name], inside)
        elif name in theirs and entry.is_dir(follow_symlinks=False) and _readable_directory(theirs[name]):
            inside.mkdir()
            _graft(host / name, overlay / name, inside, needed)
        else:
            _place(entry, inside)


def read_only_but(folder: Path) -> None:
    """Make everything read-only but ``folder`` and what is temporary, and show the processes of this namespace alone.

    For a process that has called `unshare`. Raises OSError where the kernel refuses; some of it may be done then.
    """
    _mount(None, "/", None, _MS_REC | _MS_SLAVE)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV)
    _bind(folder, folder)
    temporary = {path for path in ("/tmp", "/var/tmp", tempfile.gettempdir()) if Path(path).is_dir()}
    for path in sorted(temporary):
        _bind(Path(path), Path(path))
    _set_read_only("/", clear=False)
    _set_read_only(str(folder), clear=True)
    for own in ("/proc", "/dev", *sorted(temporary)):
        _set_read_only(own, clear=True)


def _set_read_only(path: str, *, clear: bool) -> None:
    """With mount_setattr(2), for the mount at a path and those below it."""
    values = (0, _MOUNT_ATTR_RDONLY, 0, 0) if clear else (_MOUNT_ATTR_RDONLY, 0, 0, 0)
    attributes = (ctypes.c_uint64 * 4)(*values)
    _call(
        "syscall",
        ctypes.c_long(_MOUNT_SETATTR),
        _AT_FDCWD,
        path.encode(),
        ctypes.c_uint(_AT_RECURSIVE),
        attributes,
        ctypes.sizeof(attributes),
    )


def _readable_directory(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and os.access(entry.path, os.R_OK | os.X_OK)


def _place(entry: os.DirEntry[str], inside: Path) -> None:
    if entry.is_symlink():
        inside.symlink_to(Path(entry.path).readlink())
        return
    if entry.is_dir():
        inside.mkdir()
    else:
        inside.touch()
    _bind(Path(entry.path), inside)


def _bind(source: Path, target: Path) -> None:
    _mount(str(source), str(target), None, _MS_BIND | _MS_REC)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    _call("mount", source and source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), None)


def _call(name: str, *args: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
