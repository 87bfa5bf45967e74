"""The servers of the outside: in one thread, at sockets that somebody else opened in another network namespace."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from converters.rehearsal.outside.dns import Names

_START = 30.0
"""Seconds that starting or stopping may take."""


class Servers:
    """Runs until it is closed. ``application`` makes the ASGI application in the thread's event loop, ``finish`` takes it down there."""

    def __init__(
        self, application: Callable[[], ASGIApp], finish: Callable[[], Awaitable[None]], context: ssl.SSLContext, address: str
    ) -> None:
        self._application, self._finish, self._context, self._address = application, finish, context, address
        self._loop = asyncio.new_event_loop()
        self._made: ASGIApp | None = None
        self._running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []
        self._transports: list[asyncio.BaseTransport] = []
        self._thread = threading.Thread(target=self._run, name="rehearsal-outside", daemon=True)
        self._thread.start()

    def add(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> None:
        """Serve at these sockets, which belong to the servers from now on."""
        self._call(self._add(udp, http, https))

    def close(self) -> None:
        """End every server and the thread."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(TimeoutError):
            self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START)

    async def _add(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> None:
        self._made = self._made or self._application()
        udp.setblocking(False)
        transport, _ = await self._loop.create_datagram_endpoint(lambda: Names(self._address), sock=udp)
        self._transports.append(transport)
        for listening, context in ((http, None), (https, self._context)):
            config = uvicorn.Config(
                self._made, lifespan="off", log_config=None, access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=1
            )
            config.load()
            config.ssl = context
            server = uvicorn.Server(config)
            task = self._loop.create_task(server.serve(sockets=[listening]))
            self._running.append((server, task))
            while not server.started and not task.done():
                await asyncio.sleep(0.005)
            if task.done():
                task.result()

    async def _close(self) -> None:
        for transport in self._transports:
            transport.close()
        for server, _ in self._running:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
        if self._made is not None:
            await self._finish()
