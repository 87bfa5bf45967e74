"""Runners that are processes of this machine, forked by the zygote."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from .confinement import bounds
from .engine import EventHandler, LineHandler
from .ports import accepts, is_held
from .spec import Spec
from .upstream import Upstream
from .usage import belonging
from .zygote import Child, Zygote


class Local:
    """Starts the runners of one app. ``command`` is what the zygote is told."""

    def __init__(self, spec: Spec, command: Mapping[str, Any], zygote: Zygote) -> None:
        self._spec, self._command, self._zygote = spec, command, zygote

    async def start(self, runner: str, on_line: LineHandler, on_event: EventHandler) -> LocalProcess:
        """Raises RuntimeFailure."""
        process = LocalProcess(self._spec, self._zygote, on_event)
        await process.start({**self._command, "env": {**self._command["env"], "FAL_JOB_ID": runner}}, on_line)
        return process


class LocalProcess:
    """One of them."""

    def __init__(self, spec: Spec, zygote: Zygote, on_event: EventHandler) -> None:
        self._spec, self._zygote, self._on_event = spec, zygote, on_event
        self._child: Child | None = None
        self._pid: int | None = None  # what the zygote forked, which may stand for a confined process
        self._ports: list[int] = []
        self._taken = False  # somebody had the port that the app's server names, before it was started
        self._ready = asyncio.Event()
        self._upstream: Upstream | None = None

    async def start(self, command: dict[str, Any], on_line: LineHandler) -> None:
        """Have it forked. Raises RuntimeFailure."""
        self._taken = await self._port_is_taken()
        self._child = await self._zygote.fork(command, on_line, self._event)

    @property
    def exited(self) -> asyncio.Future[int]:
        assert self._child is not None
        return self._child.exited

    @property
    def serving(self) -> int | None:
        """The confined process, where one stands for it."""
        if self._pid is None or not self._zygote.confinement.private:
            return self._pid
        below = bounds.tree(self._pid)  # the one that reaps, then the one that runs the app
        return below[1] if len(below) > 1 else self._pid

    @property
    def holds_own_port(self) -> bool:
        """It could not be moved, so there can be only one."""
        return self._spec.brings_server and self._upstream is not None and self._upstream.port == self._spec.exposed_port

    def signal(self, number: int) -> None:
        assert self._child is not None
        self._child.signal(number)

    async def reachable(self) -> Upstream:
        """An app that the SDK serves reports it; a server of the app's own is asked."""
        if self._spec.brings_server:
            port = await self._listening()
        else:
            await self._ready.wait()
            port = self._ports[0]
        self._upstream = Upstream("127.0.0.1", port)
        return self._upstream

    async def _listening(self) -> int:
        """The port that the server's bind was redirected to, or the very port that it names."""
        own = self._spec.exposed_port
        while True:
            if self._ports and await accepts(self._ports[0]):
                return self._ports[0]
            if own is not None and await accepts(own) and self._is_mine(own):
                return own
            await asyncio.sleep(0.02)

    def _is_mine(self, port: int) -> bool:
        held = is_held(port, belonging(self._pid)) if self._pid is not None else False
        return held if held is not None else not self._taken

    async def hint(self) -> str:
        """What may have been in the way of the app's own server."""
        if not await self._port_is_taken():
            return ""
        return f" (port {self._spec.exposed_port} is taken here, and only servers in Python can be moved to another one)"

    async def _port_is_taken(self) -> bool:
        return self._spec.brings_server and self._spec.exposed_port is not None and await accepts(self._spec.exposed_port)

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "bound" and self._pid is None:  # said before the app's own code runs; what is said again is not ours
            self._pid, self._ports = event["pid"], [event["port"], event["metrics_port"]]
        elif event["event"] == "ready":
            self._ready.set()
        else:
            self._on_event(event)
