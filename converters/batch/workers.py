"""Runs one function over many arguments, each in a process of its own: a crash, a kill or a hang of one never touches the others."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Answer = dict[str, Any]

_PRELOAD = ["converters.batch.preloaded"]
"""Imported once in the process that all workers are forked from."""


@dataclass(frozen=True)
class Ended:
    """How one call ended: `answer`, or `problem` (one sentence) with the `report` where our code raised."""

    number: int
    process: int
    answer: Answer | None = None
    problem: str = ""
    report: str = ""


@dataclass
class _Running:
    number: int
    process: BaseProcess
    deadline: float
    place: Path


@dataclass
class Workers(Generic[T]):
    """`function` must be importable by its name and answer with what JSON can hold. `timeout` in seconds, from the start of each.

    `memory`: bytes of address space that each process may have, where the system can bound it (`RLIMIT_AS`); None for no limit.

    Once `stopped` says so, no other end is waited for.
    """

    function: Callable[[T], Answer]
    jobs: int
    timeout: float
    stopped: Callable[[], bool] = lambda: False
    memory: int | None = None

    def run(self, arguments: Sequence[T]) -> Iterator[Ended]:
        """Call the function with each argument and yield the ends as they come. Closing the iterator kills what still runs."""
        context = _context()
        pending = deque(enumerate(arguments))
        running: list[_Running] = []
        with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder:
            try:
                while (pending or running) and not self.stopped():
                    while pending and len(running) < self.jobs:
                        running.append(self._start(context, Path(folder), *pending.popleft()))
                    for one in _ready(running):
                        running.remove(one)
                        yield self._end(one)
            finally:
                for one in running:
                    one.process.kill()
                    one.process.join()

    def _start(self, context: BaseContext, folder: Path, number: int, argument: T) -> _Running:
        place = folder / f"{number}.json"
        process = context.Process(target=_call, args=(self.function, argument, place, self.memory), daemon=True)  # type: ignore[attr-defined]
        process.start()
        return _Running(number, process, time.monotonic() + self.timeout, place)

    def _end(self, one: _Running) -> Ended:
        late = one.process.is_alive()
        if late:
            one.process.kill()
        one.process.join()
        number, process = one.number, one.process.pid or 0
        if one.place.exists():
            return Ended(number, process, **json.loads(one.place.read_bytes()))
        if late:
            return Ended(number, process, problem=f"took longer than {self.timeout:g} s and was stopped.")
        return Ended(number, process, problem=_cause(one.process.exitcode or 0))


def _ready(running: Sequence[_Running]) -> list[_Running]:
    """Those that ended or are out of time; waits until there is one."""
    limit = min(one.deadline for one in running)
    wait([one.process.sentinel for one in running], timeout=max(0.0, limit - time.monotonic()))
    now = time.monotonic()
    return [one for one in running if not one.process.is_alive() or one.deadline <= now]


def _cause(code: int) -> str:
    if code >= 0:
        return f"its process ended without an answer (exit code {code})."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was killed by {name}{' (out of memory?)' if name == 'SIGKILL' else ''}."


def _call(function: Callable[[T], Answer], argument: T, place: Path, memory: int | None) -> None:
    """In the worker: the answer goes to a file that appears whole or not at all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _bound(memory)
    try:
        ended: Answer = {"answer": function(argument)}
    except MemoryError:
        ended = {"problem": f"needed more memory than {_megabytes(memory)}and was stopped."}
    except Exception as error:
        ended = {"problem": f"{type(error).__name__}: {error}.", "report": traceback.format_exc()}
    part = place.with_suffix(".part")
    part.write_text(json.dumps(ended))
    part.rename(place)


def _bound(memory: int | None) -> None:
    if memory is None or sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    with contextlib.suppress(ValueError, OSError):  # macOS has the limit and refuses it
        resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))


def _megabytes(memory: int | None) -> str:
    return f"{memory // 2**20} MB " if memory else "there is "


def _context() -> BaseContext:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    return context
