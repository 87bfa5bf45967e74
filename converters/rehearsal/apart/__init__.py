"""Rooms: process trees with files, users, processes and a network of their own, for programs that build and run other people's code.

A room shows an allow-list of the machine's files. Its root is none of the machine's users. Its only way out is three sockets (DNS, HTTP,
HTTPS) that are opened in it and served by whoever made the room. Memory and processes are bounded by a control group. Making one needs
root of the machine, which nothing in it is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from converters.rehearsal.apart.network import INSIDE, OUTSIDE
from fal_runtime import confinement
from fal_runtime.confinement.bounds import Bounds

__all__ = ["FIRST_ID", "IDS", "INSIDE", "OUTSIDE", "Program", "Room", "RoomFailure", "Shown", "programs_of", "refusal"]

FIRST_ID, IDS = 0x68000000, 65536
"""The user of the machine that a room's root is, and how many follow it: no system gives these numbers to anybody."""
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2"}
_START_TIMEOUT = 30.0


class RoomFailure(Exception):
    """A room could not be made, or does not answer; the message says why."""


@dataclass(frozen=True)
class Shown:
    """A file or directory of the machine that a room shows at `path`, or a link."""

    path: str
    source: str | None = None
    writable: bool = False
    link: str | None = None
    device: bool = False


class Program:
    """A program that was started in a room."""

    def __init__(self, room: Room, number: int) -> None:
        self._room, self._number = room, number
        self._ended = threading.Event()
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs. 137 where the room has ended before it."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The same when it has ended. Raises TimeoutError after `timeout` seconds."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"still running after {timeout} s")
        return self._code if self._code is not None else 137

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it and to what it has started in its group."""
        self._room.signal(self._number, number)

    def signal_last(self, number: int, through: str) -> None:
        """Send a signal to the first process below it whose name does not begin with `through`, and to no other."""
        self._room.send({"signal_last": self._number, "through": through, "signal": number})

    def end(self, code: int) -> None:
        """Called by the room when it has ended."""
        if self._code is None:
            self._code = code
        self._ended.set()


class Room:
    """A room, until :meth:`close`. `memory` is in bytes, `tasks` counts processes and threads. Raises RoomFailure."""

    def __init__(self, shown: Sequence[Shown], *, memory: int, tasks: int = 4096, name: str = "rehearsal") -> None:
        self._bounds = Bounds(tasks, memory)
        self._why = ""
        self._numbers = itertools.count(1)
        self._answers: dict[int, Queue[tuple[dict[str, Any], list[int]]]] = {}
        self._programs: dict[int, Program] = {}
        self._lock = threading.Lock()
        self._stage = tempfile.TemporaryDirectory(prefix="rehearsal-")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("inside.py")), str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={})
        theirs.close()
        self.udp, self.http, self.https = self._begin(shown, name)
        self._reader = threading.Thread(target=self._read, name="room", daemon=True)
        self._reader.start()

    @property
    def exceeded(self) -> str:
        """Which bound was exceeded, in words: everything in the room was killed then. Empty while none was."""
        return self._why or self._bounds.exceeded

    def end(self, why: str) -> None:
        """End everything in the room, because it exceeded a bound of the caller's."""
        self._why = why
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._process.kill()

    def _begin(self, shown: Sequence[Shown], name: str) -> tuple[socket.socket, socket.socket, socket.socket]:
        self._bounds.hold(self._process.pid)
        entries = [*shown, *(Shown(f"/dev/{one}", f"/dev/{one}", True, device=True) for one in _DEVICES)]
        entries += [Shown(path, link=target) for path, target in _LINKS.items()]
        settings = {
            "confinement": str(Path(confinement.__file__)),
            "stage": self._stage.name,
            "shown": [vars(one) for one in entries],
            "first_id": FIRST_ID,
            "ids": IDS,
            "name": name,
        }
        self._control.settimeout(_START_TIMEOUT)
        try:
            self._control.send(json.dumps(settings).encode())
            data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
        except OSError as error:
            data, fds = json.dumps({"failed": str(error)}).encode(), []
        answer = json.loads(data) if data else {"failed": "its first process ended"}
        if len(fds) != 3:
            self.close()
            raise RoomFailure(f"cannot confine a build here: {answer.get('failed', 'no sockets')}")
        self._control.settimeout(None)
        udp, http, https = (socket.socket(fileno=fd) for fd in fds)
        return udp, http, https

    def start(
        self, argv: Sequence[str], environment: Mapping[str, str], output: int, *, errors: int | None = None, cwd: str = "/"
    ) -> Program:
        """Start a program that writes to the file descriptor `output`, and what it says of errors to `errors`. Raises RoomFailure."""
        number = next(self._numbers)
        program = self._programs[number] = Program(self, number)
        asked = {"argv": list(argv), "environment": dict(environment), "cwd": cwd}
        self._ask(number, asked, [output] if errors is None else [output, errors], _START_TIMEOUT)
        return program

    def connect(self, port: int, address: str = INSIDE, timeout: float = 5.0) -> socket.socket:
        """A TCP connection to a program in the room. Raises ConnectionError where nothing accepts it within `timeout` seconds."""
        number = next(self._numbers)
        try:
            _, fds = self._ask(number, {"connect": [address, port], "timeout": timeout}, [], timeout + 5)
        except RoomFailure as error:
            raise ConnectionError(f"{address}:{port}: {error}") from error
        return socket.socket(fileno=fds[0])

    def listen(self, port: int) -> socket.socket:
        """A socket that listens on a port of the room's loopback. Raises ConnectionError where somebody else does."""
        number = next(self._numbers)
        try:
            _, fds = self._ask(number, {"listen": port}, [], _START_TIMEOUT)
        except RoomFailure as error:
            raise ConnectionError(f"port {port}: {error}") from error
        return socket.socket(fileno=fds[0])

    @property
    def pid(self) -> int:
        """The process outside below which all of the room's are."""
        return self._process.pid

    def signal(self, program: int, number: int) -> None:
        """Send a signal to a program and what it has started in its group."""
        self.send({"kill": program, "signal": number})

    def send(self, asked: Mapping[str, Any]) -> None:
        """Ask the room's first process for something that is not answered."""
        with contextlib.suppress(OSError):
            self._control.send(json.dumps({"number": next(self._numbers), **asked}).encode())

    def close(self) -> None:
        """End everything in the room."""
        for one in (getattr(self, name, None) for name in ("udp", "http", "https")):
            if one is not None:
                one.close()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._process.kill()
        self._process.wait()
        self._bounds.close()
        self._control.close()
        self._stage.cleanup()
        for program in list(self._programs.values()):
            program.end(137)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _ask(self, number: int, asked: dict[str, Any], fds: Sequence[int], timeout: float) -> tuple[dict[str, Any], list[int]]:
        answers = self._answers[number] = Queue()
        try:
            with self._lock:
                socket.send_fds(self._control, [json.dumps({"number": number, **asked}).encode()], fds)
            answer, received = answers.get(timeout=timeout)
        except (OSError, Empty) as error:
            raise RoomFailure(self.exceeded or str(error) or "no answer") from error
        finally:
            del self._answers[number]
        if "failed" in answer:
            raise RoomFailure(str(answer["failed"]))
        return answer, received

    def _read(self) -> None:
        """Hand out what the room's first process tells, until it ends."""
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
            except OSError:
                data, fds = b"", []
            if not data:
                break
            message = json.loads(data)
            if "ended" in message:
                if (program := self._programs.pop(message["number"], None)) is not None:
                    program.end(int(message["ended"]))
            elif (waiting := self._answers.get(message["number"])) is not None:
                waiting.put((message, fds))
        for program in list(self._programs.values()):
            program.end(137)


def refusal() -> str | None:
    """Why no room can be made here, in words; None where one can. Tries it."""
    if sys.platform != "linux":
        return "rooms need Linux"
    if os.geteuid() != 0:
        return "making the namespaces of a build needs root"
    try:
        Room([], memory=2**30).close()
    except (RoomFailure, OSError) as error:
        return str(error)
    return None


def programs_of(*paths: str) -> list[Shown]:
    """What a room must show so that these programs of the machine run in it: them, their libraries and their loader."""
    found: dict[str, Shown] = {}
    for path in paths:
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for word in (path, *(word for word in listed.split() if word.startswith("/"))):
            found[word] = Shown(word, os.path.realpath(word))
    return list(found.values())
