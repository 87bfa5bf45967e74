"""The processes around a confined one: one outside that stands for it, and one inside that reaps and passes signals on."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import struct
import time
from types import FrameType
from typing import NoReturn

from . import bounds, kernel, landlock, mounting, view
from .view import View

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def enter(seen: View) -> None:
    """Go on as a process that sees nothing of the machine but a view: no other file, process, terminal or key.

    The caller's process stays as the one that others know: it ends as the confined process ends, signals reach that through it, and
    whatever that has started ends with it. The confined process has no capability and gets none by executing a program. It leads a
    session of its own. The caller must have one thread. Raises OSError where the kernel refuses, in some cases in the new process.
    """
    tree, number = view.tree(seen), os.getpid()
    own_users = _unshare()
    reader, writer = os.pipe()
    first = os.fork()
    if first != 0:
        os.close(writer)
        _stand_for(first, reader)
    os.close(reader)
    kernel.end_with_parent()
    mounting.mount(tree, seen.stage, seen.cwd)
    if own_users:
        _forbid_more_users()
        resource.setrlimit(resource.RLIMIT_NPROC, (seen.tasks, seen.tasks))
    _count_from(number)
    mounting.cover_proc()
    give_up_privileges()
    child = os.fork()
    if child != 0:
        _reap(child, writer)
    os.close(writer)
    os.setsid()


def gather() -> None:
    """Go on as a process with which everything ends that it has started, wherever that has gone, without a namespace for it.

    The caller's process stays as the one that others know: it ends as that process ends, and ends it at SIGTERM and the like. The
    caller must have one thread.
    """
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)  # until there is who knows what to do with them
    child = os.fork()
    if child != 0:
        _end_what_is_left(child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    kernel.end_with_parent()
    os.setsid()


def give_up_privileges() -> None:
    """No capabilities, none by executing programs, no keys of the user, no abstract sockets of others where Landlock can bar them."""
    kernel.drop_capabilities()
    with contextlib.suppress(OSError):  # some containers forbid the call altogether
        kernel.leave_keyring()
    with contextlib.suppress(OSError):  # a kernel without filters
        kernel.forbid_keys()
    landlock.scope()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _unshare() -> bool:
    """Whether the process has a user namespace of its own now. Raises OSError."""
    try:
        own_user(_NAMESPACES)
    except OSError:
        if os.geteuid() != 0:
            raise
        kernel.unshare(_NAMESPACES)
        return False
    return True


def own_user(flags: int) -> None:
    """Leave the namespaces that ``flags`` name, and that of users, in which the process keeps its user alone. Raises OSError."""
    uid, gid = os.geteuid(), os.getegid()
    _await_other_threads()
    kernel.unshare(kernel.CLONE_NEWUSER | flags)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _await_other_threads() -> None:
    """Wait, for a second at most, until this is the only thread: the kernel gives a namespace of users to no other process.

    Libraries (grpc, which fal imports) start one in each process that is forked, which ends at once where it has nothing to do.
    """
    deadline = time.monotonic() + 1
    while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
        time.sleep(0.001)


def _forbid_more_users() -> None:
    """No user namespaces below this one: a process that makes one has all capabilities in it, and with them more of the kernel."""
    with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")


def _count_from(number: int) -> None:
    """Let the confined process have the number that others know it by: some programs name sockets, which are seen further, after it."""
    with contextlib.suppress(OSError), open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
        file.write(str(number - 1))


def _end_what_is_left(child: int) -> NoReturn:
    """Outside: await the process, then kill what it has left, which came to this one, and end as it did."""

    def end(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    for number in _PASSED_ON:
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    ended = 0
    while ended != child:
        ended, status = os.waitpid(-1, 0)
    _kill_all()
    _end_as(os.waitstatus_to_exitcode(status))


def _kill_all() -> None:
    while True:
        for member in bounds.tree(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _stand_for(first: int, reader: int) -> NoReturn:
    """Outside: end as the confined process does."""
    for number in _PASSED_ON:
        signal.signal(number, signal.SIG_IGN)
    told = os.read(reader, 4)
    status = os.waitpid(first, 0)[1]
    _end_as(os.waitstatus_to_exitcode(struct.unpack("i", told)[0] if len(told) == 4 else status))


def _end_as(code: int) -> NoReturn:
    """End with an exit code, or by the signal that a negative one names."""
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def _reap(child: int, writer: int) -> NoReturn:
    """Inside, as the first process: pass signals on, reap, and tell how the confined process ended; the rest ends with this one."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            os.write(writer, struct.pack("i", status))
            os._exit(0)
