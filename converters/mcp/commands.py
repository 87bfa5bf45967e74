"""One command of ours in a process of its own: what it prints is its answer, and a cancelled one is stopped with all that it started."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import anyio.abc

from converters.errors import ExitCode

Told = Callable[[float, str], Awaitable[None]]
"""Is told of progress: seconds since the start, and what runs."""
BEAT = 1.0
"""Seconds between two reports of progress."""
GRACE = 5.0
"""Seconds that a cancelled command has to end by itself."""


@dataclass(frozen=True)
class Answer:
    """What a command came to. `document`: what it printed as JSON; `text`: what it printed otherwise."""

    command: str
    exit_code: int
    document: Any = None
    text: str = ""


@dataclass
class Commands:
    """The commands that run now, so that all of them can be ended."""

    scopes: set[anyio.CancelScope] = field(default_factory=set)

    async def run(self, arguments: Sequence[str], told: Told) -> Answer:
        """Run `migrate ARGUMENTS`, whose paths are absolute, and wait for its end."""
        with anyio.CancelScope() as scope:
            self.scopes.add(scope)
            try:
                return await _run(arguments, told)
            finally:
                self.scopes.discard(scope)
        return Answer(_command(arguments), ExitCode.INTERRUPTED, text="The server ends.")

    async def stop(self) -> None:
        """End all of them, with what they started."""
        for scope in self.scopes:
            scope.cancel()
        while self.scopes:
            await anyio.sleep(0.02)


def _command(arguments: Sequence[str]) -> str:
    return shlex.join(["migrate", *arguments])


async def _run(arguments: Sequence[str], told: Told) -> Answer:
    command = _command(arguments)
    # Python imports from the current folder first: it is empty, for a project's `typer.py` would be run in place of the package.
    with TemporaryDirectory(prefix="fal-migrate-", ignore_cleanup_errors=True) as empty:
        process = await anyio.open_process(
            [sys.executable, "-m", "converters", *arguments],
            stdin=subprocess.DEVNULL,
            cwd=empty,
            env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
            start_new_session=True,
        )
        printed = await _printed(process, command, told)
    return _answer(command, process.returncode or 0, printed)


async def _printed(process: anyio.abc.Process, command: str, told: Told) -> dict[str, bytes]:
    """All that a command prints until it ends; it is ended where nobody waits any longer."""
    printed = {"out": b"", "err": b""}
    try:
        async with anyio.create_task_group() as group:
            beat = anyio.CancelScope()
            group.start_soon(_beat, beat, told, command)
            async with anyio.create_task_group() as reading:
                reading.start_soon(_read, process.stdout, printed, "out")
                reading.start_soon(_read, process.stderr, printed, "err")
            await process.wait()
            beat.cancel()
    finally:
        await _end(process)
    return printed


async def _read(stream: anyio.abc.ByteReceiveStream | None, printed: dict[str, bytes], name: str) -> None:
    if stream is not None:
        async for part in stream:
            printed[name] += part


async def _beat(scope: anyio.CancelScope, told: Told, command: str) -> None:
    with scope:
        seconds = 0.0
        while True:
            await told(seconds, command)
            await anyio.sleep(BEAT)
            seconds += BEAT


async def _end(process: anyio.abc.Process) -> None:
    """Stop a command that still runs, and what it started."""
    if process.returncode is not None:
        return
    with anyio.CancelScope(shield=True):
        _signal(process, signal.SIGTERM)
        with anyio.move_on_after(GRACE):
            await process.wait()
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: anyio.abc.Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _answer(command: str, code: int, printed: dict[str, bytes]) -> Answer:
    out, err = (printed[name].decode(errors="replace") for name in ("out", "err"))
    try:
        return Answer(command, code, document=json.loads(out))
    except ValueError:
        return Answer(command, code, text="\n".join(part.strip() for part in (out, err) if part.strip()))
