"""Requests to package registries that are asked for real."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from converters.rehearsal.outside.hosts import LASTING
from converters.rehearsal.outside.upstream import Upstream

_SENT = ("accept", "accept-encoding", "range", "if-range", "if-modified-since", "if-none-match", "user-agent")
"""Headers that reach a registry: none that could hold credentials."""
_RETURNED = (
    "content-type", "content-length", "content-range", "content-encoding", "accept-ranges", "last-modified", "etag", "cache-control", "age",
    "date", "location", "vary",
)  # fmt: skip


async def forward(request: Request, upstream: Upstream) -> Response:
    """The registry's own response. Raises UpstreamError where it cannot be reached."""
    if request.method not in ("GET", "HEAD"):
        return PlainTextResponse("a rehearsal only reads from package registries", 405)
    url = str(request.url)
    lasts = request.method == "GET" and LASTING.search(request.url.path) is not None
    if lasts and (kept := upstream.kept(url)) is not None:
        return FileResponse(kept, media_type="application/octet-stream")
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers.setdefault("accept-encoding", "identity")
    response = await upstream.open(request.method, url, headers)
    returned = {name: response.headers[name] for name in _RETURNED if name in response.headers}
    place = upstream.place(url) if lasts and response.status_code == 200 and "content-encoding" not in returned else None
    return StreamingResponse(_body(response, place), response.status_code, returned)


async def _body(response: httpx.Response, place: Path | None) -> AsyncIterator[bytes]:
    """The body as it comes, which is kept at ``place`` once it is whole."""
    if place is None:
        try:
            async for block in response.aiter_raw():
                yield block
        finally:
            await response.aclose()
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as target:
            async for block in response.aiter_raw():
                target.write(block)
                yield block
        Path(name).replace(place)
    finally:
        Path(name).unlink(missing_ok=True)
        await response.aclose()
