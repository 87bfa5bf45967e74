"""Where the runners of an app are started: as processes of this machine (`local.py`), or wherever else an engine puts them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .spec import Spec
from .upstream import Upstream

LineHandler = Callable[[str, str], None]
"""Takes a line of a runner's output: the name of the stream, the text."""
EventHandler = Callable[[dict[str, Any]], None]
"""Takes what a runner reports: its name is ``event``."""


class Process(Protocol):
    """The process of one runner."""

    @property
    def exited(self) -> asyncio.Future[int]:
        """Resolves to its exit code, negative for a signal, once everything that it printed was handed on."""

    @property
    def serving(self) -> int | None:
        """The process of this machine with whose descendants the app runs; None where nobody knows."""

    @property
    def holds_own_port(self) -> bool:
        """True if its server listens on the very port that it names, and nothing else on this machine can."""

    def signal(self, number: int) -> None:
        """Send a signal to it: SIGKILL ends all that it started."""

    async def reachable(self) -> Upstream:
        """Wait until it takes connections, however long that is."""

    async def hint(self) -> str:
        """What may be the reason that nothing answers: in parentheses behind a space, or ''."""


class Backend(Protocol):
    """Starts the runners of one app."""

    async def start(self, runner: str, on_line: LineHandler, on_event: EventHandler) -> Process:
        """Start the one with that id. Raises RuntimeFailure."""


@dataclass(frozen=True)
class Given:
    """An app that was loaded, and what its runners are given.

    ``key`` is its table or ``file.py::Class``, ``payload`` the file with its pickle, ``root`` the project, ``directory`` scratch space,
    ``data`` the directory for ``/data``, ``uploader`` the socket of the node-local uploader, ``origin`` the gateway's (host, port),
    ``variables`` what the platform sets in the environment of a runner, the app's secrets included, ``secrets`` all that were given.
    """

    key: str
    spec: Spec
    payload: Path | None
    root: Path
    directory: Path
    data: Path
    uploader: Path
    origin: tuple[str, int]
    variables: Mapping[str, str]
    secrets: Mapping[str, str]


class Engine(Protocol):
    """Makes what an app runs in."""

    async def prepare(self, given: Given, say: Callable[[str], None], echo: Callable[[str], None]) -> Backend:
        """``say`` gets what a person should know of it, ``echo`` how far it is. Raises LoadFailure."""
