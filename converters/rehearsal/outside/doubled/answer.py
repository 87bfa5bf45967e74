"""Responses with content that is made here."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def etag(data: bytes) -> str:
    """A quoted tag that tells contents apart."""
    return f'"{hashlib.sha256(data).hexdigest()[:40]}"'


def file(request: Request, data: bytes, name: str, headers: Mapping[str, str] = {}, media_type: str = "") -> Response:
    """A file, or the part of it that the request asks for (RFC 9110, 14.2)."""
    kind = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    given = {"Accept-Ranges": "bytes", "ETag": etag(data), "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", **headers}
    match = _RANGE.match(request.headers.get("range", ""))
    if match is None or match.groups() == ("", ""):
        return Response(data, headers=given, media_type=kind)
    first, last = match.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start > end:
        return Response(status_code=416, headers={**given, "Content-Range": f"bytes */{len(data)}"})
    return Response(data[start : end + 1], 206, {**given, "Content-Range": f"bytes {start}-{end}/{len(data)}"}, kind)


def json(document: object, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """A JSON document."""
    return JSONResponse(document, status, dict(headers))
