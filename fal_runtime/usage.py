"""What a runner and the processes below it take of this machine, from ``/proc``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One line of ``/proc/<pid>/stat``: ``cpu`` in seconds, ``memory`` (resident) in bytes, ``started`` in seconds since boot."""

    parent: int
    cpu: float
    memory: int
    started: float


@dataclass(frozen=True)
class Usage:
    """CPU in percent of one core, memory in bytes."""

    cpu: float
    memory: int


class Meter:
    """Measures process trees; the CPU share is that since the last measurement, at first that since the process began."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, float]] = {}

    def measure(self, pids: Iterable[int]) -> dict[int, Usage]:
        """The usage of each process that is still there, its descendants included. Empty where there is no ``/proc``."""
        processes = _processes()
        now = time.clock_gettime(time.CLOCK_BOOTTIME) if processes else 0.0
        usages, last = {}, {}
        for pid in pids:
            if pid not in processes:
                continue
            tree = [processes[member] for member in _tree(pid, processes)]
            cpu = sum(process.cpu for process in tree)
            since, before = self._last.get(pid, (processes[pid].started, 0.0))
            usages[pid] = Usage(100 * max(0.0, cpu - before) / max(now - since, 0.01), sum(process.memory for process in tree))
            last[pid] = (now, cpu)
        self._last = last
        return usages


def belonging(runner: int) -> list[int]:
    """The process of a runner, its descendants, and daemons that have left it but carry its mark in their environment."""
    processes, mark = _processes(), f"FAL_RUNTIME_PID={runner}".encode()
    return [*_tree(runner, processes), *(pid for pid in processes if mark in _environment(pid))]


def _processes() -> dict[int, Process]:
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        # after the name: state, parent, ...; user and system time are the 12th and 13th, start the 20th, resident pages the 22nd
        cpu, started = (int(words[11]) + int(words[12])) / ticks, int(words[19]) / ticks
        found[int(stat.parent.name)] = Process(int(words[1]), cpu, int(words[21]) * page, started)
    return found


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _tree(pid: int, processes: Mapping[int, Process]) -> list[int]:
    members = [pid]
    for member in members:
        members += [child for child, process in processes.items() if process.parent == member]
    return members
