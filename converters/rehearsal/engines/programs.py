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


def started(room: Room, command: Sequence[str], variables: Mapping[str, str], take: Callable[[str | None], object]) -> Program:
    """A program whose lines are given to `take`, and None when there are no more."""
    reader, writer = os.pipe()

    def read() -> None:
        with os.fdopen(reader, encoding="utf-8", errors="replace", newline="\n") as output:
            for line in output:
                take(line.rstrip("\r\n").rpartition("\r")[2])
        take(None)

    try:
        program = room.start(command, variables, writer)
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    threading.Thread(target=read, name="output", daemon=True).start()
    return program


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
