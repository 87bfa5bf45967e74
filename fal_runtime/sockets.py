"""Websockets: passed through to the runner message by message, and HTTP calls carried over one."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from .application import Application
from .asgi import Receive, Scope, Send
from .calls import Exchange, Request, from_client
from .directory import Directory
from .errors import PlatformError
from .upstream import Broken

#: Query parameters and headers that belong to the hop to the gateway.
_OWN = frozenset(["fal_jwt_token", "fal_max_buffering"])
_HANDSHAKE = frozenset(
    b"host sec-websocket-key sec-websocket-version sec-websocket-extensions sec-websocket-protocol origin content-length".split()
)


class Sockets:
    """``/<owner>/<app>[/path]`` for websockets; the ``ws`` part carries HTTP."""

    def __init__(self, directory: Directory) -> None:
        self._owner = directory.owner
        self._directory = directory

    async def direct(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """A websocket of the app's own (``fal.realtime`` included)."""
        application, request = self._request(scope, path)
        runner = await application.acquire(request.id)
        try:
            assert runner.upstream is not None
            pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
            query = urlencode([pair for pair in pairs if pair[0] not in _OWN])
            url = f"ws://{runner.upstream.host}:{runner.upstream.port}{request.path.decode('latin-1')}" + (f"?{query}" if query else "")
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.with_platform_headers()]
            wanted = [Subprotocol(name) for name in scope.get("subprotocols", [])] or None
            try:
                connection = await connect(
                    url, additional_headers=headers, subprotocols=wanted, max_size=None, compression=None, ping_interval=None, proxy=None
                )
            except (InvalidHandshake, OSError) as error:
                status = getattr(getattr(error, "response", None), "status_code", 502)
                raise PlatformError(status, "runner_connection_error", f"The app refused the websocket: {error}") from None
            async with connection:
                await send({"type": "websocket.accept", "subprotocol": connection.subprotocol})
                await self._relay(connection, receive, send)
        finally:
            application.release(runner, request.id)

    async def _relay(self, connection: ClientConnection, receive: Receive, send: Send) -> None:
        up = asyncio.ensure_future(_up(connection, receive))
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
        """HTTP over a websocket: each text message is a body to POST; answers come in the same order (section 5.8 of the facts)."""
        if scope["type"] != "websocket":
            raise PlatformError(426, None, "Upgrade Required")
        application, template = self._request(scope, path)
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            body = (message.get("text") or "").encode() or message.get("bytes") or b""
            headers = [*template.headers, (b"content-type", b"application/json")]
            request = Request(str(uuid.uuid4()), self._owner, application.spec.name, "POST", template.path, template.query, headers, body)
            await self._carry(application, request, send)

    async def _carry(self, application: Application, request: Request, send: Send) -> None:
        began = time.monotonic()
        try:
            runner = await application.acquire(request.id)
        except PlatformError as error:
            return await _tell_error(send, request.id, error, began)
        exchange = Exchange(application, runner, request)
        try:
            response = await exchange.open()
            first = time.monotonic() - began
            plain = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
            await _tell(send, {"type": "start", "request_id": request.id, "status": response.status, "headers": plain})
            async for data in response:
                await send({"type": "websocket.send", "bytes": data})
            await _tell(send, _end(request.id, response.status, first))
        except Broken as error:
            await _tell_error(send, request.id, exchange.explain(error), began)
        except PlatformError as error:
            await _tell_error(send, request.id, error, began)
        finally:
            exchange.close()
            application.release(runner, request.id)

    def _request(self, scope: Scope, path: bytes) -> tuple[Application, Request]:
        owner, _, rest = path.strip(b"/").partition(b"/")
        name, _, inside = rest.partition(b"/")
        application = self._directory.find(scope, owner, name)
        headers = [pair for pair in from_client(scope["headers"], sized=False) if pair[0] not in _HANDSHAKE]
        request = Request(str(uuid.uuid4()), self._owner, application.spec.name, "GET", b"/" + inside, scope["query_string"], headers, b"")
        return application, request


async def _up(connection: ClientConnection, receive: Receive) -> None:
    while (message := await receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        await connection.send(text if text is not None else message["bytes"])
    await connection.close(message.get("code") or 1000)


async def _down(connection: ClientConnection, send: Send) -> None:
    try:
        async for data in connection:
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
    except ConnectionClosed:
        return


async def _tell(send: Send, document: Mapping[str, Any]) -> None:
    await send({"type": "websocket.send", "text": json.dumps(document)})


async def _tell_error(send: Send, id: str, error: PlatformError, began: float) -> None:
    headers = {name.decode(): value.decode() for name, value in error.all_headers()}
    await _tell(send, {"type": "start", "request_id": id, "status": error.status, "headers": headers})
    await send({"type": "websocket.send", "bytes": error.body()})
    await _tell(send, _end(id, error.status, time.monotonic() - began))


def _end(id: str, status: int, first: float) -> dict[str, Any]:
    return {"type": "end", "request_id": id, "status": status, "time_to_first_byte_seconds": first}
