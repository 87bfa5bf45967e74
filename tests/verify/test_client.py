"""The client for sides whose code is not ours, before servers that answer as they like."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import httpx
import pytest

from converters.verify import client
from converters.verify.client import BoundedClient

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
Serve = Callable[[Iterable[bytes]], BoundedClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one answer, a piece every 0.05 s; the client waits for a second."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients = []

    def start(pieces: Iterable[bytes]) -> BoundedClient:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=answer, daemon=True).start()
        clients.append(BoundedClient(1.0, f"http://127.0.0.1:{listener.getsockname()[1]}"))
        return clients[-1]

    yield start
    listener.close()
    for opened in clients:
        opened.close()


CHUNK = b"1\r\nx\r\n"


@pytest.mark.parametrize(
    ("pieces", "content"),
    [
        pytest.param([HEAD + b"content-length: 5\r\n\r\nhello"], b"hello", id="at once"),
        pytest.param([HEAD, b"content-length: 3\r\n\r\n", b"a", b"b", b"c"], b"abc", id="in pieces"),
        pytest.param([HEAD + b"transfer-encoding: chunked\r\n\r\n", CHUNK, CHUNK, b"0\r\n\r\n"], b"xx", id="in chunks"),
        pytest.param([HEAD + b"connection: close\r\n\r\n", b"till", b" the end"], b"till the end", id="until it is closed"),
        pytest.param([HEAD + b"content-encoding: gzip\r\nconnection: close\r\n\r\n" + gzip.compress(b"text")], b"text", id="compressed"),
    ],
)
def test_an_answer_that_ends_in_time_is_whole(serve: Serve, pieces: list[bytes], content: bytes) -> None:
    answer = serve(pieces).get("/")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, content, "text/plain")


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        pytest.param(itertools.chain([HEAD], itertools.repeat(b"x-more: 1\r\n")), httpx.ReadTimeout, id="a head that trickles"),
        pytest.param(itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"x")), httpx.ReadError, id="a body that trickles"),
        pytest.param(
            itertools.chain([HEAD + b"transfer-encoding: chunked\r\n\r\n"], itertools.repeat(CHUNK)),
            httpx.ReadError,
            id="chunks without an end",
        ),
        pytest.param(
            itertools.chain([HEAD + b"content-length: 999\r\n\r\n"], itertools.repeat(b"x", 100)),
            httpx.ReadError,
            id="a length that is far",
        ),
    ],
)
def test_an_answer_without_an_end_ends_in_time(serve: Serve, pieces: Iterable[bytes], error: type[Exception]) -> None:
    began = time.monotonic()
    with pytest.raises(error):
        serve(pieces).get("/")
    assert 0.9 < time.monotonic() - began < 4


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_that_is_too_large_is_not_held(serve: Serve, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(client, "MOST_BODY", 1 << 20)
    body = bytes(1 << 22)
    sent = gzip.compress(body) if encoding == "gzip" else body
    head = HEAD + b"content-encoding: " + encoding.encode() + b"\r\nconnection: close\r\n\r\n"
    with pytest.raises(httpx.ReadError, match="no end"):
        serve([head + sent]).get("/")
