"""An HTTP client for sides whose code is not ours: an answer that trickles, or has no end, ends all the same."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

MOST_BODY = 2**26
"""Bytes of an answer that are read."""


class BoundedClient(httpx.Client):
    """A client whose answers are whole within their timeout; httpx's own starts anew with every byte that is read.

    Raises httpx.ReadTimeout where the head of an answer has not come by then, httpx.ReadError where its body has not, or is too large.
    """

    def __init__(self, seconds: float, base_url: str = "") -> None:
        fresh = httpx.Limits(max_keepalive_connections=0)  # servers close a connection some time after they failed
        super().__init__(timeout=seconds, base_url=base_url, limits=fresh, trust_env=False)

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """The whole answer, also for ``stream``, decoded: it has no content-encoding any more."""
        seconds = float(request.extensions["timeout"]["read"])
        deadline = time.monotonic() + seconds
        with _cut_off(request, seconds):
            try:
                response = super().send(request, stream=True, **options)
            except httpx.HTTPError as error:
                if time.monotonic() < deadline:
                    raise
                raise httpx.ReadTimeout("no answer in time", request=request) from error
            with contextlib.closing(response):
                body = _body(response, deadline)
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_TRANSFER]
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)


_OF_THE_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")


def _body(response: httpx.Response, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > MOST_BODY:
                break
    except httpx.HTTPError:
        if time.monotonic() < deadline:
            raise
    if size > MOST_BODY or time.monotonic() >= deadline:
        raise httpx.ReadError("the answer has no end", request=response.request)
    return b"".join(parts)


@contextlib.contextmanager
def _cut_off(request: httpx.Request, seconds: float) -> Iterator[None]:
    """Shut the request's connection down after some time: whoever waits for its bytes goes on then."""
    connections: list[socket.socket] = []

    def trace(event: str, told: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            connections.append(told["return_value"].get_extra_info("socket"))

    def cut() -> None:
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    request.extensions = {**request.extensions, "trace": trace}
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
