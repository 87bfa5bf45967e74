"""Bounds of everything that a process starts: how many processes and threads there are at a time, and how much memory they have.

The kernel enforces both by a control group where this process may make one (as root, usually). A thread watches the tree as well, which
is all there is elsewhere; there RLIMIT_NPROC bounds the processes of each view (`View.tasks`), which it cannot for root. Memory that no
process has mapped (files of memfd_create and of tmpfs) the thread cannot see: it ends the tree where the machine's becomes scarce.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD = 0.25
"""Seconds between two looks at the tree."""
_STATUS_MEMORY = ("RssAnon:", "RssShmem:")
_LIMITS_OF_MEMORY = ("memory.max", "memory.limit_in_bytes")


class Bounds:
    """At most ``tasks`` processes and threads and ``memory`` bytes for what is below a process, between :meth:`hold` and :meth:`close`."""

    def __init__(self, tasks: int, memory: int) -> None:
        self.tasks, self.memory = tasks, memory
        self.exceeded = ""
        """What was exceeded, in words, once it was: everything below the process was killed then."""
        self._groups: list[Path] = []
        self._floor = 0
        """Bytes of memory that the machine must have left; 0 where the kernel bounds the tree's, or where it had no more before."""
        self._done = threading.Event()
        self._watching: threading.Thread | None = None

    def hold(self, pid: int) -> None:
        """Bound a process and what it starts from now on."""
        self._groups = list(_made(pid, self.tasks, self.memory))
        floor = min(2**30, machine_memory() // 16)
        bounded = any((group / name).exists() for group in self._groups for name in _LIMITS_OF_MEMORY)
        self._floor = floor if not bounded and available_memory() > floor else 0
        self._watching = threading.Thread(target=self._watch, args=(pid,), name="bounds", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Bound nothing any more; to be called when the process has ended."""
        self._done.set()
        if self._watching is not None:
            self._watching.join()
        for group in self._groups:
            _remove(group)

    def _watch(self, pid: int) -> None:
        while not self._done.wait(_PERIOD):
            found = tree(pid)
            tasks = sum(_threads(member) for member in found) if len(found) * 64 > self.tasks else len(found)
            if tasks > self.tasks:
                self._end(pid, f"more than {self.tasks} processes and threads at a time")
            elif self._killed() or sum(map(_memory, found)) > self.memory:
                self._end(pid, f"more than {self.memory / 2**30:.1f} GiB of memory")
            elif self._floor and available_memory() < self._floor:
                self._end(pid, f"all but {self._floor / 2**30:.1f} GiB of this machine's memory")

    def _killed(self) -> bool:
        """Whether the kernel has killed something of the group for want of memory."""
        for group in self._groups:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    if any(line.split()[0] == "oom_kill" and line.split()[1] != "0" for line in (group / name).read_text().splitlines()):
                        return True
        return False

    def _end(self, pid: int, why: str) -> None:
        self.exceeded = self.exceeded or why
        for member in reversed(tree(pid)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGKILL)


def tree(pid: int) -> list[int]:
    """What is below a process, parents first, without itself. Empty where there is no ``/proc``."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            children.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found = list(children.get(pid, ()))
    for member in found:
        found += children.get(member, ())
    return found


def limit_tasks(more: int) -> None:
    """Let this process's user have that many more processes and threads than now. Root is not bound by it."""
    here = sum(_threads(int(entry.name)) for entry in Path("/proc").glob("[0-9]*") if _owner(entry) == os.getuid())
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    wanted = min(here + more, hard if hard != resource.RLIM_INFINITY else here + more)
    resource.setrlimit(resource.RLIMIT_NPROC, (wanted, wanted))


def machine_memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def available_memory() -> int:
    """Bytes of memory that this machine can give to a process without swapping; all that it has where it does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return machine_memory()


def _owner(entry: Path) -> int:
    try:
        return entry.stat().st_uid
    except OSError:
        return -1


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _memory(pid: int) -> int:
    """Bytes of memory that a process does not share with a file on disk."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_STATUS_MEMORY))


def _made(pid: int, tasks: int, memory: int) -> Iterator[Path]:
    """The control groups that hold a process now: one of version 2, else one of each controller of version 1; those that can be made."""
    for parent, limits in _parents(tasks, memory):
        group = parent / f"fal-migrate-{secrets.token_hex(6)}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for file, value in limits.items():
                (group / file).write_text(str(value))
            (group / "cgroup.procs").write_text(str(pid))
        except OSError:
            _remove(group)
        else:
            yield group


def _parents(tasks: int, memory: int) -> Iterator[tuple[Path, dict[str, int]]]:
    """Where groups can be made, each with the limits that it takes: below our own with version 1, beside it with version 2.

    A group of version 2 that holds processes cannot hold groups with limits.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for controllers, path in (line.split(":", 2)[1:] for line in lines):
        if not controllers and (_GROUPS / "cgroup.controllers").exists():
            yield (_GROUPS / path.lstrip("/")).parent if path != "/" else _GROUPS, {"pids.max": tasks, "memory.max": memory}
        elif controllers == "pids":
            yield _GROUPS / "pids" / path.lstrip("/"), {"pids.max": tasks}
        elif controllers == "memory":
            yield _GROUPS / "memory" / path.lstrip("/"), {"memory.limit_in_bytes": memory}


def _remove(group: Path) -> None:
    """A group is removed when its last process is gone, which may take a moment."""
    for _ in range(50):
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
