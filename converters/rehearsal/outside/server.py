"""The servers of the outside: in one thread, at sockets that somebody else opened in another network namespace."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.types import ASGIApp

from converters.rehearsal.outside.dns import Names

_SECONDS = 30.0
"""What starting or stopping may take."""


class Served:
    """Servers at one namespace's sockets, which they close with themselves."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, names: asyncio.BaseTransport, webs: list[tuple[uvicorn.Server, asyncio.Task[None]]]
    ) -> None:
        self._loop, self._names, self._webs = loop, names, webs

    def close(self) -> None:
        """Stop answering there; the namespace can end."""
        if self._loop.is_running():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self.end(), self._loop).result(_SECONDS)

    async def end(self) -> None:
        """The same, in the servers' own thread."""
        self._names.close()
        for server, _ in self._webs:
            server.should_exit = server.force_exit = True
        await asyncio.gather(*(task for _, task in self._webs), return_exceptions=True)


class Servers:
    """Runs until it is closed. ``application`` makes the ASGI application in the thread's event loop, ``finish`` takes it down there."""

    def __init__(
        self, application: Callable[[], ASGIApp], finish: Callable[[], Awaitable[None]], context: ssl.SSLContext, address: str
    ) -> None:
        self._application, self._finish, self._context, self._address = application, finish, context, address
        self._loop = asyncio.new_event_loop()
        self._made: ASGIApp | None = None
        self._served: list[Served] = []
        self._thread = threading.Thread(target=self._run, name="rehearsal-outside", daemon=True)
        self._thread.start()

    def add(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> Served:
        """Serve at these sockets, which belong to the servers from now on."""
        return asyncio.run_coroutine_threadsafe(self._add(udp, http, https), self._loop).result(_SECONDS)

    def close(self) -> None:
        """End every server and the thread."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _add(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> Served:
        self._made = self._made or self._application()
        udp.setblocking(False)
        names, _ = await self._loop.create_datagram_endpoint(lambda: Names(self._address), sock=udp)
        webs = [await self._web(self._made, http, None), await self._web(self._made, https, self._context)]
        served = Served(self._loop, names, webs)
        self._served.append(served)
        return served

    async def _web(
        self, app: ASGIApp, listening: socket.socket, context: ssl.SSLContext | None
    ) -> tuple[uvicorn.Server, asyncio.Task[None]]:
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False, ws="none", backlog=512)
        config.load()
        config.ssl = context
        server = uvicorn.Server(config)
        task = self._loop.create_task(server.serve(sockets=[listening]))
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        if task.done():
            task.result()
        return server, task

    async def _close(self) -> None:
        await asyncio.gather(*(served.end() for served in self._served))
        if self._made is not None:
            await self._finish()
