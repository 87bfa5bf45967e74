"""What builds images and starts processes in them: one protocol, one file for each program that can."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

MOST_WRITTEN = 64 * 2**30
"""Bytes that a build or process may write."""


@dataclass(frozen=True)
class Place:
    """A line of the project that something comes from; ``line`` 0: the file as a whole, ``file`` "": added by the rehearsal."""

    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Build:
    """What is built. ``context`` holds exactly what fal's client would upload; ``places[n]`` is where line n + 1 of the text comes from."""

    dockerfile: str
    context: Path
    tag: str
    places: Sequence[Place] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    memory: int | None = None
    """Bytes."""
    step_seconds: float = 600
    disk: int = MOST_WRITTEN
    """Bytes that all steps together may write."""


@dataclass(frozen=True)
class Step:
    """One instruction. ``state``: it began, ended, was taken from the cache, or failed."""

    number: int
    of: int
    instruction: str
    place: Place
    state: Literal["running", "done", "cached", "failed"]
    seconds: float = 0.0


class StepFailure(Exception):
    """A step failed: its last ``output`` lines, what that ``means`` and what ``todo`` ('' where nothing is known)."""

    def __init__(self, step: Step, output: Sequence[str], means: str = "", todo: str = "") -> None:
        super().__init__(step.instruction)
        self.step, self.output, self.means, self.todo = step, tuple(output), means, todo


class EngineFailure(Exception):
    """The engine itself failed, or cannot do what is asked; the message says why."""


class UnknownBase(Exception):
    """No stand-in is known for a base image: --base IMAGE=FOLDER|SUITE says one."""

    def __init__(self, image: str, place: Place, why: str) -> None:
        super().__init__(image)
        self.image, self.place, self.why = image, place, why


@dataclass(frozen=True)
class StandIn:
    """A base image and what stood in for it."""

    image: str
    by: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Built:
    image: str
    steps: tuple[Step, ...] = ()
    bases: tuple[StandIn, ...] = ()
    not_done: tuple[tuple[Place, str], ...] = ()
    """What its steps do not do as a real build would, with the line."""


@dataclass(frozen=True)
class Mount:
    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Process:
    """A program in an image.

    ``argv`` None: the image's own ENTRYPOINT and CMD, each replaced by ``entrypoint`` and ``cmd`` where they are not None.
    """

    argv: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    cwd: str | None = None
    """None: the image's WORKDIR."""
    memory: int | None = None
    on_line: Callable[[str, str], None] | None = None
    """Is told each line as it comes, in another thread: the name of the stream, the text."""


class Served(Protocol):
    """Servers at the sockets of one room."""

    def close(self) -> None:
        """Stop serving."""


class Outside(Protocol):
    """The double of the internet, as an engine needs it (`outside` has the real one)."""

    @property
    def mount(self) -> Path:
        """What is shown at /rehearsal/outside."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of every process inside."""

    def serve(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> Served:
        """Serve sockets that listen inside (DNS, HTTP, HTTPS) until what it returns is closed, which is before they are."""


class Running(Protocol):
    """A program that was started in an image."""

    def lines(self) -> list[str]:
        """What it has printed so far, only the last some thousands: the lines of a stream in their order, the two streams mixed."""

    def connect(self, port: int, address: str = "127.0.0.1", timeout: float = 5.0) -> socket.socket:
        """A socket connected to a port inside. Raises OSError."""

    def listen(self, port: int) -> socket.socket:
        """A socket that listens on a port of the loopback inside. Raises OSError."""

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""

    def signal(self, number: int) -> None:
        """Send a signal to the program, and not to what it has started."""

    @property
    def pid(self) -> int | None:
        """The process of this machine below which it runs; None where nobody knows."""

    @property
    def exceeded(self) -> str | None:
        """The bound that it exceeded, as a sentence."""

    def kill(self) -> None:
        """End it and everything that it started."""


class Engine(Protocol):
    name: str

    def missing(self) -> str | None:
        """What to install; None where it can be used."""

    def build(self, build: Build, on_step: Callable[[Step], None] = lambda step: None) -> Built:
        """Raises StepFailure, UnknownBase."""

    def run(self, image: str, process: Process) -> Running: ...

    def stop(self) -> None:
        """End all that it builds and runs, for good."""

    def remove(self) -> None:
        """Everything that it has stored."""
