"""What clients may send that is not as it should be: refused with fal's body, and never half of what was meant."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from fal_runtime.asgi import Receive, Scope, Send
from fal_runtime.calls import start_timeout_of
from fal_runtime.cdn import Store
from fal_runtime.directory import Directory
from fal_runtime.errors import PlatformError
from fal_runtime.queue import Queue
from fal_runtime.rest import Rest

BASE = "http://gateway"


def with_rest(directory: Path, use: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let a client use the parts ``rest``, ``cdn`` and ``files`` of a gateway without apps."""
    rest = Rest(BASE, Store(directory, f"{BASE}/files"), cast(Queue, None), Directory("local", {}), dict)

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        first, _, rest_of_path = scope["path"][1:].partition("/")
        await getattr(rest, first)(scope, receive, send, f"/{rest_of_path}".encode(), BASE)

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, gateway)), base_url=BASE) as client:
            await use(client)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("received", "named", "problem"),
    [
        ([1, 3], [], "part 2 was not received"),
        ([2], [], "part 1 was not received"),
        ([], [], "part 1 was not received"),
        ([1], [1, 2], "part 2 was not received"),
        ([1, 2], [1, 2], None),
        ([1, 2, 3], [1, 3], None),
        ([1], "12", "parts is not a list"),
        ([1], [float("1e300")], "was not received"),
    ],
)
def test_an_upload_is_completed_with_all_of_its_parts(tmp_path: Path, received: list[int], named: Any, problem: str | None) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        place = (await client.post("/rest/storage/upload/initiate-multipart", json={"file_name": "a"})).json()
        for number in received:
            await client.put(f"{place['upload_url']}/{number}", content=str(number))
        parts = named if isinstance(named, str) else [{"partNumber": number, "etag": "x"} for number in named]
        completed = await client.post(f"{place['upload_url']}/complete", json={"parts": parts})
        if problem is None:
            assert (await client.get(place["file_url"])).text == "".join(map(str, named))
        else:
            assert completed.status_code == 400
            assert problem in completed.json()["detail"]
            assert (await client.get(place["file_url"])).status_code == 404

    with_rest(tmp_path, use)


def test_an_upload_that_misses_a_part_can_be_completed_later(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        place = (await client.post("/cdn/files/upload/multipart", headers={"x-fal-file-name": "a.bin"})).json()
        url = f"{place['access_url']}/multipart/{place['uploadId']}"
        await client.put(f"{url}/2", content=b"second")
        refused = await client.post(f"{url}/complete", json={"parts": []})
        assert (refused.status_code, refused.json()["error_type"]) == (400, "bad_request")
        await client.put(f"{url}/1", content=b"first-")
        (await client.post(f"{url}/complete", json={"parts": []})).raise_for_status()
        assert (await client.get(place["access_url"])).text == "first-second"

    with_rest(tmp_path, use)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000, b'"' + b"a" * (1 << 23) + b'"'])
def test_a_body_that_is_no_object_is_a_400(tmp_path: Path, body: bytes) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        refused = await client.post("/rest/storage/upload/initiate", content=body)
        assert (refused.status_code, refused.json()["error_type"]) == (400, "bad_request")

    with_rest(tmp_path, use)


@pytest.mark.parametrize("number", ["10001", "999999999999999999"])
def test_there_is_a_last_part(tmp_path: Path, number: str) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        place = (await client.post("/rest/storage/upload/initiate-multipart", json={})).json()
        assert (await client.put(f"{place['upload_url']}/{number}", content=b"x")).status_code == 400

    with_rest(tmp_path, use)


def test_a_digit_that_is_none_is_no_part(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        place = (await client.post("/cdn/files/upload/multipart")).json()
        assert (await client.put(f"{place['access_url']}/multipart/x/%C2%B2", content=b"x")).status_code == 404

    with_rest(tmp_path, use)


@pytest.mark.parametrize("record", ["", '{"name": "a', "[]", '{"name": "a", "content_type": "x", "expires": "never"}'])
def test_a_record_that_was_cut_off_stops_no_expiry(tmp_path: Path, record: str) -> None:
    async def made() -> tuple[str, str]:
        store = Store(tmp_path, BASE)
        ids = []
        for _ in range(2):
            upload = store.begin({"x-fal-file-name": "a"})

            async def body() -> Any:
                yield b"abc"

            await store.receive(upload, body())
            store.finish(upload)
            ids.append(upload.id)
        return ids[0], ids[1]

    broken, old = asyncio.run(made())
    (tmp_path / broken / "about.json").write_text(record)
    about = json.loads((tmp_path / old / "about.json").read_text())
    (tmp_path / old / "about.json").write_text(json.dumps({**about, "expires": 1.0}))
    store = Store(tmp_path, BASE)
    store.expire()
    assert [place.name for place in tmp_path.iterdir()] == [broken]
    os.utime(tmp_path / broken, (1.0, 1.0))
    store.expire()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e999", "-inf"])
def test_a_timeout_that_is_no_number_is_a_400(text: str) -> None:
    with pytest.raises(PlatformError, match="not a number of seconds"):
        start_timeout_of({"headers": [(b"x-fal-request-timeout", text.encode())]}, None)


def test_a_timeout_is_one_that_a_clock_can_count() -> None:
    assert start_timeout_of({"headers": [(b"x-fal-request-timeout", b"1e300")]}, None) == 365 * 24 * 3600
    assert start_timeout_of({"headers": [(b"x-fal-request-timeout", b"0")]}, 5) is None
