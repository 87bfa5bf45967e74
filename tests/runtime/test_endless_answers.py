"""Servers of others that answer slowly, or without an end: whoever asks them goes on."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

import fal_runtime
from fal_runtime import capture, webhooks

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
DOCUMENT = json.dumps({"openapi": "3.1.0", "paths": {}}).encode()
Serve = Callable[[Callable[[], Iterable[bytes]]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer every connection with some pieces, one each 0.05 s; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket, pieces: Iterable[bytes]) -> None:
        with connection:
            connection.recv(1 << 16)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                time.sleep(0.05)

    def start(pieces: Callable[[], Iterable[bytes]]) -> int:
        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection, pieces()), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize(
    ("pieces", "captured"),
    [
        pytest.param(lambda: [HEAD + b"connection: close\r\n\r\n", DOCUMENT[:9], DOCUMENT[9:]], True, id="a document in pieces"),
        pytest.param(lambda: [HEAD + b"connection: close\r\n\r\n" + b"[" * 300_000], False, id="brackets without an end"),
        pytest.param(lambda: itertools.chain([HEAD], itertools.repeat(b"x-more: 1\r\n")), False, id="a head that trickles"),
        pytest.param(lambda: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b" ")), False, id="a body that trickles"),
        pytest.param(lambda: [HEAD + b"connection: close\r\n\r\n", b" " * 3_000_000 + DOCUMENT], False, id="a document that is too large"),
    ],
)
def test_a_document_is_captured_as_a_whole_or_not(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, pieces: Callable[[], Iterable[bytes]], captured: bool
) -> None:
    for name, value in {"PATHS": ("/openapi.json",), "TIMEOUT": 2.0, "_MOST": 1 << 20}.items():
        monkeypatch.setattr(capture, name, value)
    began = time.monotonic()
    document = asyncio.run(capture._asked(serve(pieces)))
    assert document == (json.loads(DOCUMENT) if captured else None)
    assert time.monotonic() - began < 8


def test_a_captured_document_follows_no_link_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "openapi.json").symlink_to("mine")
    capture._replace(tmp_path / "openapi.json", "{}")
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "openapi.json").read_text() == "{}" and not (tmp_path / "openapi.json").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "openapi.json"]


APP = """
import fal

class Demo(fal.App, name="demo"):
    @fal.endpoint("/")
    def run(self) -> dict:
        return {}
"""


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        pytest.param(lambda: [HEAD + b"content-length: 2\r\n\r\n{}"], "", id="an answer"),
        pytest.param(lambda: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b" ")), "", id="a head, and a body that nobody needs"),
        pytest.param(
            lambda: itertools.chain([HEAD], itertools.repeat(b"x: 1\r\n")), "did not answer within 2 s", id="a head that trickles"
        ),
    ],
)
@pytest.mark.whole
def test_a_webhook_is_delivered_by_its_head(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: Callable[[], Iterable[bytes]], said: str
) -> None:
    monkeypatch.setattr(webhooks, "_FIRST_TIMEOUT", 2.0)
    (tmp_path / "pyproject.toml").write_text('[tool.fal.apps.demo]\nref = "app.py::Demo"\n')
    (tmp_path / "app.py").write_text(APP)
    with fal_runtime.serve(tmp_path) as fal:
        handle = fal.submit("demo", {}, fal_webhook=f"http://127.0.0.1:{serve(pieces)}/")
        handle.get()
        time.sleep(4)
        lines = [line for line in fal.lines if f"webhook of request {handle.request_id}" in line]
    assert len(lines) == bool(said)
    assert all(said in line for line in lines)
