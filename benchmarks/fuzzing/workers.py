"""Processes that try inputs, watched from outside: one that hangs or dies is a finding, and another goes on behind it."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.fuzzing.model import Finding

HANG = 90.0
"""Seconds of real time without an end of an input, after which a process is killed."""
Task = tuple[str, int]
"""Reader and number."""


@dataclass(frozen=True)
class Ended:
    """What came of one input."""

    task: Task
    status: str
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True)
class Every:
    """Of every so many inputs one is written to disk, one is loaded with the real fal; 0: none."""

    on_disk: int = 0
    load: int = 0


@dataclass
class _Running:
    process: BaseProcess
    pipe: Connection
    tasks: list[Task]
    heard: float


def run(tasks: Sequence[Task], seed: int, jobs: int, every: Every, until: float | None = None) -> Generator[Ended, None, None]:
    """Try every task; `until` is a time of `time.monotonic` after which none is begun."""
    context = multiprocessing.get_context("fork")
    gc.freeze()
    with scratch() as folder:
        running = [_start(context, list(tasks[number::jobs]), seed, folder / str(number), every) for number in range(jobs)]
        try:
            while running:
                for one in list(running):
                    yield from _heard(one)
                    if until is not None and time.monotonic() > until:
                        one.tasks.clear()
                    if not one.tasks:
                        running.remove(one)
                        _stop(one)
                    elif not one.process.is_alive() or time.monotonic() - one.heard > HANG:
                        yield from _heard(one)
                        if one.tasks:
                            yield _lost(one)
                        running.remove(one)
                        _stop(one)
                        running.append(_start(context, one.tasks[1:], seed, folder / os.urandom(4).hex(), every))
                wait([one.pipe for one in running] + [one.process.sentinel for one in running], timeout=1.0)
        finally:
            for one in running:
                _stop(one)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that everybody may enter, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fal-migrate-fuzz-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def _heard(one: _Running) -> Iterator[Ended]:
    with contextlib.suppress(EOFError, OSError):
        while one.tasks and one.pipe.poll():
            status, findings, seconds = one.pipe.recv()
            one.heard = time.monotonic()
            yield Ended(one.tasks.pop(0), status, tuple(findings), seconds)


def _lost(one: _Running) -> Ended:
    late = one.process.is_alive()
    key = f"no answer for {HANG:g} s" if late else f"the process ended with {one.process.exitcode}"
    return Ended(one.tasks[0], "lost", (Finding("over 10 s" if late else "process died", key),), HANG if late else 0.0)


def _start(context: multiprocessing.context.ForkContext, tasks: list[Task], seed: int, folder: Path, every: Every) -> _Running:
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, tasks, seed, folder, every), daemon=True)
    process.start()
    there.close()
    return _Running(process, here, tasks, time.monotonic())


def _stop(one: _Running) -> None:
    one.process.kill()
    one.process.join()
    one.pipe.close()


def _work(pipe: Connection, tasks: list[Task], seed: int, folder: Path, every: Every) -> None:
    from benchmarks.fuzzing import readers, trial

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), sys.stderr.fileno())
    os.environ["XDG_CACHE_HOME"] = str(folder.with_suffix(".cache"))
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CACHE_HOME"]
    os.environ["HOME"] = os.environ["XDG_CACHE_HOME"]
    gc.set_threshold(20_000, 20, 50)
    trial.limit_memory()
    for reader, number in tasks:
        given = readers.make(reader, number, seed)
        load = _is_due(number, every.load) and not reader.startswith(("python:", "names"))  # mutated code may fail by itself
        pipe.send(trial.judge(given, folder, on_disk=load or _is_due(number, every.on_disk), load=load))


def _is_due(number: int, every: int) -> bool:
    return bool(every) and number % every == 0
