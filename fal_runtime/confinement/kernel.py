"""The system calls that Python has no function for, each as a function that raises OSError."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct

# unshare(2)
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
# mount(2)
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
# mount_setattr(2)
RDONLY, NOSUID, NODEV = 1, 2, 4
# prctl(2)
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 24, 36, 38, 47

_MNT_DETACH = 2
_MOUNT_SETATTR, _LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 442, 444, 445, 446
_AT_FDCWD = -100
_OPENAT2, _RESOLVE_NO_SYMLINKS, _RESOLVE_IN_ROOT = 437, 0x04, 0x10
_KEYS = {"x86_64": (0xC000003E, 248, 250), "aarch64": (0xC00000B7, 217, 219)}
"""Of each machine: its number in linux/audit.h, and the first and last call of add_key, request_key and keyctl."""
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_AT_EMPTY_PATH, _AT_RECURSIVE = 0x1000, 0x8000
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_KEYCTL_JOIN_SESSION_KEYRING = 1
_CAPABILITY_VERSION_3 = 0x20080522


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` name."""
    _call("unshare", flags)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    _call("mount", *words, ctypes.c_ulong(flags), None if data is None else data.encode())


def detach(path: str) -> None:
    """Take a mount away, at the latest when nothing uses it any more."""
    _call("umount2", os.fsencode(path), _MNT_DETACH)


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    _call("pivot_root", os.fsencode(new), os.fsencode(old))


def set_attributes(fd: int, attributes: int) -> None:
    """Set attributes of the mount that an open directory or file is the root of, and of those below it. Needs Linux 5.12."""
    values = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    _syscall(_MOUNT_SETATTR, fd, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, values, ctypes.c_size_t(ctypes.sizeof(values)))


def open_without_links(path: str) -> int:
    """An ``O_PATH`` file descriptor of an absolute path. Raises OSError where one of its parts is a link. Needs Linux 5.6."""
    return _openat2(_AT_FDCWD, path, os.O_PATH, _RESOLVE_NO_SYMLINKS)


def open_below(root: int, path: str) -> int:
    """A file descriptor to read a path with, of which an open directory is the root: no link leads out of it. Needs Linux 5.6."""
    return _openat2(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY, _RESOLVE_IN_ROOT)


def _openat2(directory: int, path: str, flags: int, resolve: int) -> int:
    how = (ctypes.c_uint64 * 3)(flags | os.O_CLOEXEC, 0, resolve)
    return _syscall(_OPENAT2, directory, os.fsencode(path), how, ctypes.c_size_t(ctypes.sizeof(how)))


def prctl(option: int, value: int, third: int = 0) -> None:
    """prctl(2)."""
    _call("prctl", option, ctypes.c_ulong(value), ctypes.c_ulong(third), ctypes.c_ulong(0), ctypes.c_ulong(0))


def end_with_parent() -> None:
    """Have the kernel kill this process when the thread that forked it ends; it forgets so when the credentials change."""
    prctl(PR_SET_PDEATHSIG, 9)


def drop_capabilities() -> None:
    """Give up every capability, for good: no program that is executed gets one back."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # the last one that this kernel knows was dropped before, or there never was one to drop
    with contextlib.suppress(OSError):  # a kernel without ambient capabilities
        prctl(PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def leave_keyring() -> None:
    """Take a new, empty session keyring in place of the user's."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        _syscall(number, ctypes.c_long(_KEYCTL_JOIN_SESSION_KEYRING), None)


def forbid_keys() -> None:
    """Refuse the calls that reach keys, for the user's stand beside those of a session, and programs for other machines.

    Needs ``no_new_privs``.
    """
    numbers = _KEYS.get(os.uname().machine)
    if numbers is None:
        return
    architecture, first, last = numbers
    refused, allowed = 0x00050000 | errno.EPERM, 0x7FFF0000
    program = (  # code, how many instructions to skip where it is so and where not, operand
        (0x20, 0, 0, 4),  # load the architecture
        (0x15, 0, 4, architecture),  # if it is equal
        (0x20, 0, 0, 0),  # load the number of the call
        (0x54, 0, 0, 0xBFFFFFFF),  # without the bit that marks calls of x32
        (0x35, 0, 2, first),  # if it is as great
        (0x25, 1, 0, last),  # if it is greater
        (0x06, 0, 0, refused),
        (0x06, 0, 0, allowed),
    )
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.c_void_p))

    wanted = Program(len(program), ctypes.addressof(filters))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(wanted))


def landlock_version() -> int:
    """The version of Landlock's interface; 0 where the kernel has none."""
    try:
        return _syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def landlock_ruleset(files: int, network: int, scope: int, version: int) -> int:
    """A file descriptor of a ruleset that handles these accesses (bits of linux/landlock.h)."""
    values = (ctypes.c_uint64 * 3)(files, network, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    return _syscall(_LANDLOCK_CREATE_RULESET, values, ctypes.c_size_t(size), 0)


def landlock_allow(ruleset: int, directory: int, access: int) -> None:
    """Allow accesses below an open directory, or to an open file."""

    class Rule(ctypes.Structure):
        _pack_ = 1
        _layout_ = "ms"
        _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))

    _syscall(_LANDLOCK_ADD_RULE, ruleset, 1, ctypes.byref(Rule(access, directory)), 0)


def landlock_restrict(ruleset: int) -> None:
    """Hold this thread, and what it forks and executes, to a ruleset. Needs `drop_capabilities` or its ``no_new_privs``."""
    _syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def _syscall(number: int, *args: object) -> int:
    return _call("syscall", ctypes.c_long(number), *args)


def _call(name: str, *args: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(libc, name)(*args))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result
