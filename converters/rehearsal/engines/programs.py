"""Programs in a room and what they print, line by line."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from converters.rehearsal.apart import Program, Room
from converters.rehearsal.engines import Process
from converters.rehearsal.engines.output import Steps


def own_command(process: Process, configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """What a process starts that states no arguments: the image's ENTRYPOINT and CMD, each replaced where it is stated."""
    entrypoint = process.entrypoint if process.entrypoint is not None else tuple(configuration.get("Entrypoint") or ())
    cmd = process.cmd if process.cmd is not None else tuple(configuration.get("Cmd") or ())
    return (*entrypoint, *cmd)


def started(
    room: Room,
    command: Sequence[str],
    variables: Mapping[str, str],
    take: Callable[[str | None], object],
    errors: Callable[[str | None], object] | None = None,
) -> Program:
    """A program whose lines are given to `take`, those of errors to `errors` where there is one, and None when there are no more."""
    takers = [take, *([errors] if errors is not None else [])]
    pipes = [os.pipe() for _ in takers]
    try:
        program = room.start(command, variables, pipes[0][1], errors=pipes[1][1] if errors is not None else None)
    except BaseException:
        for reader, _ in pipes:
            os.close(reader)
        raise
    finally:
        for _, writer in pipes:
            os.close(writer)
    for (reader, _), taker in zip(pipes, takers, strict=True):
        threading.Thread(target=_read, args=(reader, taker), name="output", daemon=True).start()
    return program


def _read(reader: int, take: Callable[[str | None], object]) -> None:
    with os.fdopen(reader, encoding="utf-8", errors="replace", newline="\n") as output:
        for line in output:
            take(line.rstrip("\r\n").rpartition("\r")[2])
    take(None)


def follow(said: SimpleQueue[str | None], steps: Steps, seconds: float, program: Program) -> str:
    """Give the lines to the steps until there are no more; why the build was ended, where it was."""
    while True:
        try:
            line = said.get(timeout=1.0)
        except Empty:
            if steps.current is not None and steps.current.instruction.lstrip().upper().startswith("RUN") and steps.seconds > seconds:
                program.kill()
                return f"it took longer than {seconds:g} s"
            continue
        if line is None:
            return ""
        steps.line(line)
