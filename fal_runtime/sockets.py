"""Websockets: passed through to the runner message by message, and HTTP calls carried over one."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State
from websockets.typing import Subprotocol

from .application import Application
from .asgi import Receive, Scope, Send
from .calls import Exchange, Request, acquire, cancel, from_client, to_client
from .directory import Directory
from .errors import PlatformError
from .runner import Runner
from .upstream import Broken, Headers

#: Query parameters and headers that belong to the hop to the gateway.
_OWN = frozenset(["fal_jwt_token", "fal_max_buffering"])
#: Bytes of calls that wait on one websocket, and what each counts at least.
_MOST_WAITING, _LEAST = 1 << 27, 1 << 10
_HANDSHAKE = frozenset(
    b"host sec-websocket-key sec-websocket-version sec-websocket-extensions sec-websocket-protocol origin content-length".split()
)


Left = Callable[[], Awaitable[None]]


class Sockets:
    """``/<owner>/<app>[/path]`` for websockets; the ``ws`` part carries HTTP."""

    def __init__(self, directory: Directory) -> None:
        self._owner = directory.owner
        self._directory = directory

    async def direct(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """A websocket of the app's own (``fal.realtime`` included)."""
        application, request = await self._request(scope, path)
        runner = await acquire(application, scope, request.id)
        try:
            assert runner.upstream is not None
            pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
            query = urlencode([pair for pair in pairs if pair[0] not in _OWN])
            url = f"ws://{runner.upstream.host}:{runner.upstream.port}{request.path.decode('latin-1')}" + (f"?{query}" if query else "")
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.with_platform_headers()]
            wanted = [Subprotocol(name) for name in scope.get("subprotocols", [])] or None
            try:
                connection = await connect(
                    url,
                    additional_headers=headers,
                    subprotocols=wanted,
                    max_size=None,
                    compression=None,
                    ping_interval=None,
                    proxy=None,
                    **await runner.upstream.where(),
                )
            except (InvalidHandshake, OSError) as error:
                status = getattr(getattr(error, "response", None), "status_code", 502)
                raise PlatformError(status, "runner_connection_error", f"The app refused the websocket: {error}") from None
            async with connection:
                await send({"type": "websocket.accept", "subprotocol": connection.subprotocol})
                await self._relay(connection, receive, send, lambda: cancel(request, runner))
        finally:
            application.release(runner, request.id)

    async def _relay(self, connection: ClientConnection, receive: Receive, send: Send, left: Left) -> None:
        up = asyncio.ensure_future(_up(connection, receive, left))
        down = asyncio.ensure_future(_down(connection, send))
        try:
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            if down.done() and not up.done():
                code = connection.close_code or 1000
                await send({"type": "websocket.close", "code": code if code not in (1005, 1006) else 1011 if code == 1006 else 1000})
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def carried(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """HTTP over a websocket: each text message is a body to POST; answers come in the same order (fal documentation, "WebSockets")."""
        if scope["type"] != "websocket":
            raise PlatformError(426, None, "Upgrade Required")
        application, template = await self._request(scope, path)
        await send({"type": "websocket.accept"})
        await _Carrier(application, template, scope, send).run(receive)

    async def _request(self, scope: Scope, path: bytes) -> tuple[Application, Request]:
        application, inside = await self._directory.find(scope, path)
        headers = [pair for pair in from_client(scope["headers"], sized=False) if pair[0] not in _HANDSHAKE]
        request = Request(str(uuid.uuid4()), self._owner, application.spec.name, "GET", inside, scope["query_string"], headers, b"")
        return application, request


async def _up(connection: ClientConnection, receive: Receive, left: Left) -> None:
    """Pass on what the client sends. One that leaves before the app has ended the conversation is told of as a dropped call is."""
    while (message := await receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        await connection.send(text if text is not None else message["bytes"])
    if connection.state is State.OPEN:
        await asyncio.gather(left(), connection.close(_code(message.get("code"))))


def _code(code: int | None) -> int:
    """A code that may be sent: that of a connection which broke (1006), or which had none (1005), may not."""
    if not code or code == 1005:
        return 1000
    return 1001 if code == 1006 else code


async def _down(connection: ClientConnection, send: Send) -> None:
    try:
        async for data in connection:
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
    except ConnectionClosed:
        return


class _Carrier:
    """The HTTP calls of one websocket, one after the other, until its client leaves."""

    def __init__(self, application: Application, template: Request, scope: Scope, send: Send) -> None:
        self._application = application
        self._template = template
        self._scope = scope
        self._send = send
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting = 0  # bytes
        self._exchange: Exchange | None = None
        self._answering = False
        self._gone = False

    async def run(self, receive: Receive) -> None:
        """Take bodies until the client leaves; then the app is told that nobody waits any more."""
        working = asyncio.ensure_future(self._work())
        while (message := await receive())["type"] != "websocket.disconnect":
            body = (message.get("text") or "").encode() or message.get("bytes") or b""
            self._waiting += len(body) + _LEAST
            if self._waiting > _MOST_WAITING:
                await self._send({"type": "websocket.close", "code": 1009, "reason": "more calls wait than are kept"})
                break
            self._bodies.put_nowait(body)
        self._gone = True
        if self._exchange is not None:
            await self._exchange.cancel()
        if self._exchange is None or self._answering:
            working.cancel()
        await asyncio.wait([working])

    async def _work(self) -> None:
        while not self._gone:
            body = await self._bodies.get()
            self._waiting -= len(body) + _LEAST
            await self._call(body)

    async def _call(self, body: bytes) -> None:
        template, began = self._template, time.monotonic()
        headers = [*template.headers, (b"content-type", b"application/json")]
        request = replace(template, id=str(uuid.uuid4()), method="POST", headers=headers, body=body)
        try:
            runner = await acquire(self._application, self._scope, request.id)
            self._exchange = Exchange(self._application, runner, request)
            try:
                await self._answer(self._exchange, runner, request.id, began)
            finally:
                self._exchange.close()
                self._exchange, self._answering = None, False
                self._application.release(runner, request.id)
        except PlatformError as error:
            await self._tell_start(request.id, error.status, error.all_headers())
            await self._tell({"type": "websocket.send", "bytes": error.body()})
            await self._tell_end(request.id, error.status, time.monotonic() - began)

    async def _answer(self, exchange: Exchange, runner: Runner, id: str, began: float) -> None:
        response = await exchange.open()
        first = time.monotonic() - began
        self._answering = True
        await self._tell_start(id, response.status, [*to_client(response.headers), (b"x-fal-served-from", runner.id.encode())])
        try:
            async for data in response:
                await self._tell({"type": "websocket.send", "bytes": data})
        except Broken as error:
            raise exchange.explain(error) from None
        await self._tell_end(id, response.status, first)

    async def _tell_start(self, id: str, status: int, headers: Headers) -> None:
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        named["x-fal-request-id"] = id
        await self._tell_json({"type": "start", "request_id": id, "status": status, "headers": named})

    async def _tell_end(self, id: str, status: int, first: float) -> None:
        await self._tell_json({"type": "end", "request_id": id, "status": status, "time_to_first_byte_seconds": first})

    async def _tell_json(self, document: Mapping[str, Any]) -> None:
        await self._tell({"type": "websocket.send", "text": json.dumps(document)})

    async def _tell(self, message: MutableMapping[str, Any]) -> None:
        if not self._gone:
            await self._send(message)
