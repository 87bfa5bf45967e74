"""The few ASGI helpers that the hot paths share."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .errors import PlatformError, too_large
from .upstream import Headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole response."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, status: int, document: object, headers: Headers | None = None) -> None:
    """Send a JSON document."""
    body = json.dumps(document).encode()
    await answer(send, status, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *(headers or [])], body)


async def fail(scope: Scope, send: Send, error: PlatformError) -> None:
    """Answer with a platform error; a websocket is refused with its status."""
    headers = error.all_headers()
    if scope["type"] == "websocket":
        await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": error.body()})
    else:
        await answer(send, error.status, headers, error.body())


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body of a request. Raises PlatformError when it is longer than ``limit`` bytes or the client goes away."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise PlatformError(499, "client_disconnected", "Client disconnected")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def query(scope: Scope) -> dict[str, str]:
    """The query parameters; of a repeated one the last value."""
    from urllib.parse import parse_qsl

    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
