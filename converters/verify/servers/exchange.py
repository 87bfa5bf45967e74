"""One HTTP request to a server, and what came of it: status, the headers that the application set, and the body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any

import httpx

from converters.verify.client import BoundedClient
from converters.verify.outcome import File, Outcome

from .operations import Call

_NOT_THE_APPLICATIONS = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
        "date", "server", "via", "alt-svc", "content-length", "content-encoding",
    }
)  # fmt: skip
"""Headers of a hop, and those that servers and proxies set by themselves. The length and the encoding follow from the body."""
_LINES = ("ndjson", "jsonl", "json-seq", "jsonlines")
_ORIGIN = "<origin>"
LATE = "no answer in time"
_REDIRECTS = 10


def exchanged(client: BoundedClient, call: Call, base: str, *, follow: bool = False) -> tuple[Outcome, httpx.Headers]:
    """The outcome of a call below ``base``, and all headers of its answer: ``silence`` where it is not whole in time.

    ``follow``: go on where the server sends callers on within itself, as a proxy in front of it does.
    """
    options = call.options()
    request = client.build_request(**{**options, "url": f"{base}{options['url']}"})
    request.headers["accept-encoding"] = "identity"
    try:
        response = client.send(request)
        for _ in range(_REDIRECTS if follow else 0):
            if (redirected := _redirected(request, response)) is None:
                break
            request = redirected
            response = client.send(request)
    except httpx.TimeoutException:
        return Outcome("silence", LATE), httpx.Headers()
    except httpx.HTTPError as error:
        return Outcome("silence", str(error)), httpx.Headers()
    return outcome(response.status_code, response.headers, response.content), response.headers


def _redirected(request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
    """The request that follows from a redirect within the server; None where it leads elsewhere or is none."""
    if not response.has_redirect_location:
        return None
    url = request.url.join(response.headers["location"])
    if url.netloc != request.url.netloc:
        return None
    again = response.status_code in (307, 308) or request.method in ("GET", "HEAD")
    headers = {name: value for name, value in request.headers.items() if again or not name.startswith("content-")}
    content, method = (request.content, request.method) if again else (b"", "GET")
    return httpx.Request(method, url, headers=headers, content=content, extensions={"timeout": request.extensions["timeout"]})


def outcome(status: int, headers: httpx.Headers, body: bytes) -> Outcome:
    """What an answer says: a status of 400 or more is an error; events and lines of a stream are its chunks."""
    value = decoded(body, headers.get("content-type", ""))
    media = _media_type(headers)
    chunks: list[Any] | None = None
    if isinstance(value, str) and media == "text/event-stream":
        chunks = _events(value)
    elif isinstance(value, str) and media.endswith(_LINES):
        chunks = [_json_or_text(line) for line in value.splitlines() if line]
    return Outcome(
        "error" if status >= 400 else "result",
        value if chunks is None else None,
        None if chunks is None else tuple(chunks),
        status=status,
        headers=application_headers(headers),
    )


def decoded(body: bytes, content_type: str) -> Any:
    """JSON as its value, text as text, anything else as a file."""
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        return _json_or_text(body.decode(errors="replace"))
    if media.startswith("text/") or media.endswith(_LINES) or not body:
        return body.decode(errors="replace")
    return File(body, media)


def application_headers(headers: httpx.Headers) -> dict[str, Any]:
    """The headers that tell of the application, in lower case; cookies by their names."""
    found: dict[str, Any] = {
        name: value
        for name, value in headers.items()
        if name not in _NOT_THE_APPLICATIONS and not name.startswith("x-fal-") and name != "set-cookie"
    }
    cookies: SimpleCookie = SimpleCookie()
    for text in headers.get_list("set-cookie"):
        try:
            cookies.load(text)
        except CookieError:
            found["set-cookie"] = text
    if cookies:
        found["set-cookie"] = {name: morsel.OutputString() for name, morsel in cookies.items()}
    return found


def without_origins(found: Outcome, origins: Sequence[str]) -> Outcome:
    """An outcome whose texts name the addresses of its side (``host:port``) by what they stand for."""
    chunks = None if found.chunks is None else tuple(_renamed(list(found.chunks), origins))
    return replace(found, value=_renamed(found.value, origins), chunks=chunks, headers=_renamed(found.headers, origins))


def _renamed(value: Any, origins: Sequence[str]) -> Any:
    if isinstance(value, str):
        for origin in origins:
            value = re.sub(rf"https?://{re.escape(origin)}(?![\w:.-])", _ORIGIN, value)
        return value
    if isinstance(value, Mapping):
        return {key: _renamed(item, origins) for key, item in value.items()}
    return [_renamed(item, origins) for item in value] if isinstance(value, list) else value


def _media_type(headers: httpx.Headers) -> str:
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _events(text: str) -> list[Any]:
    """The events of a stream: the data of each, with its other fields where it has any."""
    found: list[Any] = []
    for block in re.split(r"\r?\n\r?\n", text):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, value = line.partition(":")
            if name:
                fields[name] = f"{fields[name]}\n{value.removeprefix(' ')}" if name in fields else value.removeprefix(" ")
        if fields:
            data: Any = _json_or_text(fields.pop("data", ""))
            found.append({**fields, "data": data} if fields else data)
    return found
