"""Clients that leave, or do not get on: the app learns of it, and no runner waits for them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from fal_runtime import gateway, sockets
from fal_runtime.application import Application
from fal_runtime.calls import Request
from fal_runtime.gateway import DirectCall
from fal_runtime.sockets import _Carrier, _up

from .stand_in import served


class Client:
    """What a client sends, message by message, and what it gets."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.got: list[Any] = []

    def body(self, data: bytes, *, more: bool) -> None:
        self.messages.put_nowait({"type": "http.request", "body": data, "more_body": more})

    def leave(self) -> None:
        self.messages.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Any) -> None:
        self.got.append(message)

    def call(self, app: Application, most: int = 1 << 30) -> asyncio.Task[None]:
        scope = {"type": "http", "method": "POST", "query_string": b"", "headers": []}
        return asyncio.ensure_future(DirectCall("local", app, scope, self.messages.get, self.send, b"/predict", most).run())


class Busy:
    """An app that works until it is told that nobody waits."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes]] = []
        self.began = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, path: str, body: bytes) -> int:
        self.calls.append((path, body))
        if path.endswith("/cancel"):
            self.cancelled.set()
            return 200
        self.began.set()
        await self.cancelled.wait()
        return 499


@pytest.mark.parametrize("chunks", [[b"whole"], [b"in ", b"two ", b"and three"]])
def test_a_client_that_leaves_cancels_its_call(chunks: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_PATIENCE", 0)

    async def run() -> None:
        busy, client = Busy(), Client()
        async with served(busy) as app:
            await app.started()
            for number, chunk in enumerate(chunks, 1):
                client.body(chunk, more=number < len(chunks))
            call = client.call(app)
            await busy.began.wait()
            client.leave()
            await call
            assert busy.calls == [("/predict", b"".join(chunks)), ("/predict/cancel", b"")]

    asyncio.run(run())


def test_a_body_that_does_not_come_holds_no_runner() -> None:
    async def run() -> None:
        busy, client = Busy(), Client()
        async with served(busy) as app:
            await app.started()
            (runner,) = app.runners
            client.body(b"the first of many", more=True)
            call = client.call(app)
            while not client.messages.empty():
                await asyncio.sleep(0)
            assert not runner.in_flight
            client.leave()
            await call
            assert (busy.calls, client.got[0]["status"]) == ([], 499)

    asyncio.run(run())


def test_a_long_body_is_passed_on_as_it_comes_unless_it_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_PREFIX", 4)
    monkeypatch.setattr(gateway, "_STALLED", 0.01)

    async def run() -> None:
        client = Client()
        async with served(Busy()) as app:
            await app.started()
            client.body(b"longer than four", more=True)
            await client.call(app)
            assert client.got[0]["status"] == 408
            assert not any(runner.in_flight for runner in app.runners)

    asyncio.run(run())


def test_a_body_has_a_limit_in_chunks_as_well() -> None:
    async def run() -> None:
        client = Client()
        async with served(Busy()) as app:
            await app.started()
            for _ in range(3):
                client.body(b"1234", more=True)
            await client.call(app, most=10)
            assert client.got[0]["status"] == 413
            assert b"larger than 10 bytes" in client.got[1]["body"]

    asyncio.run(run())


@pytest.mark.parametrize(("state", "code", "closed"), [(State.OPEN, 1006, [1001]), (State.OPEN, None, [1000]), (State.CLOSED, 1000, [])])
def test_a_websocket_that_its_client_closes_is_cancelled(state: State, code: int | None, closed: list[int]) -> None:
    codes: list[int] = []
    told: list[bool] = []

    class Connection:
        async def close(self, code: int) -> None:
            codes.append(code)

    async def receive() -> Any:
        return {"type": "websocket.disconnect", "code": code}

    async def left() -> None:
        told.append(True)

    connection = Connection()
    connection.state = state  # type: ignore[attr-defined]
    asyncio.run(_up(cast(ClientConnection, connection), receive, left))
    assert (codes, told) == (closed, [True] * len(closed))


def test_calls_that_wait_on_a_websocket_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_MOST_WAITING", 10_000)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.receive", "text": "x" * 1000}

    async def answer(path: str, body: bytes) -> int:
        return 200

    async def run() -> None:
        async with served(answer, prepared=False) as app:
            template = Request("id", "local", "demo", "GET", b"/", b"", [], b"")
            await _Carrier(app, template, {"headers": []}, send).run(receive)

    asyncio.run(run())
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", 1009)]
