"""The gateway's side of the zygote: start it, ask it for children, hear from them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .confinement import SWITCH, Support
from .confinement.bounds import Bounds, machine_memory
from .errors import RuntimeFailure

Json = dict[str, Any]
LineHandler = Callable[[str, str], None]
EventHandler = Callable[[Json], None]

#: This package alone is importable, through a link, and only until the zygote is imported: neither the packages beside it, which
#: may be those of another environment, nor the names of a checkout may reach the user's code.
_BOOT = (
    "import sys; sys.path[0] = {link!r}; from fal_runtime import _zygote; "
    "sys.path[:] = [entry for entry in sys.path[1:] if entry != {checkout!r}]; _zygote.{entry}()"
)


#: Bytes of a line that a child prints, and of one that it reports, which may hold the OpenAPI document of an app.
_LONGEST_LINE, _LONGEST_REPORT = 1 << 20, 1 << 26
#: Processes and threads of all runners together.
_MOST_TASKS = 32768


class Child:
    """A process forked by the zygote."""

    def __init__(self, zygote: Zygote, number: int) -> None:
        self._zygote = zygote
        self.number = number
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.drained: list[asyncio.Future[None]] = []

    def signal(self, signum: int) -> None:
        """Send a signal to the child's whole process group."""
        if not self.exited.done():
            self._zygote.send({"op": "signal", "id": self.number, "signal": signum})


class Zygote:
    """One warm interpreter that forks loaders and runners (see ``_zygote.py`` for the process itself).

    ``inherited`` are the environment variables that it starts with, and with it whatever it forks.
    """

    def __init__(self, directory: Path, inherited: Mapping[str, str]) -> None:
        self._directory = directory
        self._inherited = dict(inherited)
        self._numbers = itertools.count(1)
        self._children: dict[int, Child] = {}
        self._ending: set[asyncio.Future[None]] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        #: how what it forks is confined
        self.confinement = Support("none")
        self._bounds: Bounds | None = None

    async def start(self) -> None:
        """Start the process, also again after it was killed, and wait until it has imported the SDK. Raises RuntimeFailure if it cannot."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        (self._directory / "stage").mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.boot("main"), str(theirs.fileno()), str(self._directory)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**self._inherited, **{name: os.environ[name] for name in (SWITCH,) if name in os.environ}},
        )
        self._bounds = Bounds(_MOST_TASKS, machine_memory() * 9 // 10)
        self._bounds.hold(self._process.pid)
        theirs.close()
        ours.setblocking(False)
        self._commands = ours
        loop = asyncio.get_running_loop()
        message = await loop.sock_recv(ours, 1 << 16)
        if not message:
            code_ = await loop.run_in_executor(None, self._process.wait)
            raise RuntimeFailure(f"the fal SDK could not be imported (exit code {code_}); is `fal` installed in {sys.executable}?")
        self.confinement = Support(**json.loads(message)["confinement"])
        loop.add_reader(ours, self._hear)

    def _link(self) -> Path:
        """A directory with nothing but a link to this package."""
        directory = self._directory / "package"
        directory.mkdir(exist_ok=True)
        link = directory / Path(__file__).parent.name
        if not link.is_symlink():
            link.symlink_to(Path(__file__).parent)
        return directory

    def boot(self, entry: str) -> str:
        """What an interpreter executes to import this package, and nothing beside it, and to call a function of ``_zygote``."""
        return _BOOT.format(link=str(self._link()), checkout=_checkout(), entry=entry)

    def activation(self, python: Path) -> dict[str, str]:
        """What activating the environment of an interpreter would set."""
        path = os.pathsep.join([str(python.parent), self._inherited.get("PATH", os.defpath)])
        return {"VIRTUAL_ENV": str(python.parents[1]), "PATH": path}

    def send(self, command: Json, fds: list[int] | None = None) -> None:
        """Send one command; what a dead zygote cannot hear is dropped, since its children are dead as well."""
        if self._commands is None:
            return
        try:
            socket.send_fds(self._commands, [json.dumps(command).encode()], fds or [])
        except OSError:
            self._lost()

    async def fork(self, command: Json, on_line: LineHandler, on_event: EventHandler) -> Child:
        """Fork a child for ``command``; its lines are (stream, text), its events JSON objects. Raises RuntimeFailure."""
        async with self._starting:
            if self._closed:
                raise RuntimeFailure("the runtime is stopping")
            if self._commands is None:
                await self.start()
        loop = asyncio.get_running_loop()
        writers: list[int] = []
        handlers: list[tuple[Callable[[str], None], int]] = [
            (lambda text: on_line("stdout", text), _LONGEST_LINE),
            (lambda text: on_line("stderr", text), _LONGEST_LINE),
            (lambda text: _reported(text, on_event), _LONGEST_REPORT),
        ]
        child = Child(self, next(self._numbers))
        for handler, longest in handlers:
            reader, writer = os.pipe()
            writers.append(writer)
            lines = _Lines(handler, longest)
            child.drained.append(lines.closed)
            await loop.connect_read_pipe(lambda lines=lines: lines, os.fdopen(reader, "rb"))  # type: ignore[misc]
        self._children[child.number] = child
        try:
            self.send({**command, "id": child.number}, writers)
        finally:
            for writer in writers:
                os.close(writer)
        return child

    def _hear(self) -> None:
        assert self._commands is not None
        try:
            message = self._commands.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._lost()
            return
        notice = json.loads(message)
        child = self._children.pop(notice["id"], None)
        if child is not None:
            task = asyncio.ensure_future(self._end(child, notice["code"]))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, child: Child, code: int) -> None:
        """Let the last lines of a dead child arrive before its end is known."""
        await asyncio.wait(child.drained, timeout=0.5)
        if not child.exited.done():
            child.exited.set_result(code)

    def _lost(self) -> None:
        """The process is dead, killed by the user's code or by a machine without memory; the next fork starts another."""
        assert self._commands is not None and self._process is not None
        asyncio.get_running_loop().remove_reader(self._commands)
        self._commands.close()
        self._commands = None
        self._process.kill()
        self._process.wait()
        self._unbound()
        self._end_all()

    def _end_all(self) -> None:
        for child in self._children.values():
            if not child.exited.done():
                child.exited.set_result(-signal.SIGKILL)
        self._children.clear()

    async def close(self) -> None:
        """End the process and every child of it, by force where they are still there."""
        self._closed = True
        if self._commands is not None:
            asyncio.get_running_loop().remove_reader(self._commands)
            self._commands.close()
            self._commands = None
        if self._process is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        self._unbound()
        self._end_all()

    def _unbound(self) -> None:
        if self._bounds is not None:
            self._bounds.close()
            self._bounds = None


def _reported(text: str, on_event: EventHandler) -> None:
    """Hand on what a child reports. Its code, which may not be ours, can write there too: what is no event is passed over."""
    try:
        event = json.loads(text)
    except ValueError:
        return
    if isinstance(event, dict) and isinstance(event.get("event"), str):
        on_event(event)


def _checkout() -> str:
    """The directory of a checkout of this project, which may be on sys.path; "" where the package is installed."""
    parent = Path(__file__).parent.parent
    return "" if parent.name in ("site-packages", "dist-packages") else str(parent)


class _Lines(asyncio.Protocol):
    """Splits a pipe into lines of text; a line of more than ``longest`` bytes is cut into pieces."""

    def __init__(self, handler: Callable[[str], None], longest: int) -> None:
        self._handler = handler
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        first, *others = data.split(b"\n")
        self._add(first)
        for other in others:
            self._end_line()
            self._add(other)
        if self._size > self._longest:
            self._end_line()

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)

    def _end_line(self) -> None:
        line = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        self._handler(line.decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._size:
            self._end_line()
        if not self.closed.done():
            self.closed.set_result(None)
