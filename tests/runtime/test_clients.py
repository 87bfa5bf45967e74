"""Programs with the official ``fal_client``, unmodified, run against the runtime."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

import fal_runtime
from fal_runtime import cdn, redirect
from fal_runtime.cdn import Store, Upload
from fal_runtime.testing import Local

PYPROJECT = """
[tool.fal.apps.demo]
ref = "app.py::Demo"
"""

APP = """
import asyncio, json, time
import fal
from fal.toolkit import File, download_file
from fastapi import WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

class Input(BaseModel):
    value: int = 0
    seconds: float = 0
    url: str = ""

class Output(BaseModel):
    value: int

class Demo(fal.App, name="demo", max_multiplexing=8):
    @fal.endpoint("/")
    def run(self, input: Input) -> Output:
        print("a line of log")
        time.sleep(input.seconds)
        return Output(value=input.value + 1)

    @fal.endpoint("/size")
    def size(self, input: Input) -> dict:
        return {"size": download_file(input.url, target_dir="got").stat().st_size}

    @fal.endpoint("/big")
    def big(self, input: Input) -> File:
        return File.from_bytes(b"x" * input.value, content_type="application/x-big", file_name="b g.bin")

    @fal.endpoint("/stream")
    def stream(self, input: Input) -> StreamingResponse:
        def events():
            for number in range(3):
                yield f"data: {json.dumps({'number': number, 'at': time.time()})}\\n\\n"
                time.sleep(0.3)
        return StreamingResponse(events(), media_type="text/event-stream")

    @fal.realtime("/realtime")
    def realtime(self, input: Input) -> Output:
        return Output(value=input.value * 2)

    @fal.endpoint("/ws", is_websocket=True)
    async def ws(self, websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())
            if text == "bye":
                await websocket.close(4001)
                return
"""


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    with fal_runtime.serve(root) as local:
        yield local


def program(fal: Local, text: str, tmp_path: Path) -> Any:
    """Run a program as ``migrate exec`` does; what it prints is its answer, as JSON."""
    file = tmp_path / "caller.py"
    file.write_text(textwrap.dedent(text))
    environment = fal.environment({"PATH": "/usr/bin:/bin"})
    done = subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.versions
def test_run_submit_status_result_subscribe_and_iter_events(fal: Local, tmp_path: Path) -> None:
    answer = program(
        fal,
        """
        import json, fal_client
        run = fal_client.run("local/demo", arguments={"value": 1})
        handle = fal_client.submit("local/demo", arguments={"value": 2, "seconds": 0.5})
        kinds = [type(event).__name__ for event in handle.iter_events(with_logs=True, interval=0.05)]
        last = handle.status(with_logs=True)
        updates = []
        subscribed = fal_client.subscribe("local/demo", {"value": 3, "seconds": 0.3}, with_logs=True,
                                          on_queue_update=lambda update: updates.append(type(update).__name__))
        print(json.dumps({"run": run, "kinds": kinds, "got": handle.get(), "subscribed": subscribed, "updates": updates,
                          "logs": [log["message"] for log in last.logs], "metrics": list(last.metrics),
                          "result": fal_client.result("local/demo", handle.request_id),
                          "status": type(fal_client.status("local/demo", handle.request_id)).__name__}))
        """,
        tmp_path,
    )
    assert answer["run"] == {"value": 2}
    assert answer["got"] == answer["result"] == {"value": 3}
    assert answer["subscribed"] == {"value": 4}
    assert answer["kinds"][-1] == answer["updates"][-1] == answer["status"] == "Completed"
    assert "InProgress" in answer["kinds"]
    assert "a line of log" in answer["logs"]
    assert answer["metrics"] == ["inference_time"]


def test_cancel_and_errors(fal: Local, tmp_path: Path) -> None:
    answer = program(
        fal,
        """
        import json, fal_client
        handle = fal_client.submit("local/demo", arguments={"value": 2, "seconds": 0.3})
        handle.cancel()
        got = handle.get()
        fal_client.cancel("local/demo", fal_client.submit("local/demo", arguments={"seconds": 0.3}).request_id)
        try:
            fal_client.run("local/demo", arguments={"value": "not a number"})
        except fal_client.FalClientError as error:
            refused = str(error)
        print(json.dumps({"got": got, "refused": refused}))
        """,
        tmp_path,
    )
    assert answer["got"] == {"value": 3}
    assert "valid integer" in answer["refused"]


@pytest.mark.versions
def test_stream_is_not_buffered(fal: Local, tmp_path: Path) -> None:
    answer = program(
        fal,
        """
        import json, time, fal_client
        events = [(event["number"], time.time() - event["at"]) for event in fal_client.stream("local/demo", arguments={})]
        print(json.dumps(events))
        """,
        tmp_path,
    )
    assert [number for number, _ in answer] == [0, 1, 2]
    assert max(late for _, late in answer) < 0.25


@pytest.mark.parametrize("size", [1000, 101 * 1024 * 1024], ids=["small", "101 MB"])
@pytest.mark.versions
def test_upload_file(fal: Local, tmp_path: Path, size: int) -> None:
    (tmp_path / "in.bin").write_bytes(b"y" * size)
    answer = program(
        fal,
        """
        import json, fal_client
        url = fal_client.upload_file("in.bin")
        print(json.dumps({"url": url, "size": fal_client.run("local/demo", arguments={"url": url}, path="/size")["size"]}))
        """,
        tmp_path,
    )
    assert answer["url"].startswith(f"{fal.url}/files/")
    assert answer["size"] == size


@pytest.mark.parametrize("jwt", [True, False], ids=["with a token", "with the key"])
@pytest.mark.versions
def test_realtime(fal: Local, tmp_path: Path, jwt: bool) -> None:
    answer = program(
        fal,
        f"""
        import json, fal_client
        with fal_client.SyncClient().realtime("local/demo", use_jwt={jwt}) as connection:
            values = []
            for value in (1, 2):
                connection.send({{"value": value}})
                values.append(connection.recv()["value"])
        print(json.dumps(values))
        """,
        tmp_path,
    )
    assert answer == [2, 4]


@pytest.mark.versions
def test_the_async_client(fal: Local, tmp_path: Path) -> None:
    answer = program(
        fal,
        """
        import asyncio, json, fal_client
        async def main():
            many = await asyncio.gather(*(fal_client.subscribe_async("local/demo", {"value": n}) for n in range(20)))
            async with fal_client.realtime_async("local/demo") as connection:
                await connection.send({"value": 5})
                many.append(await connection.recv())
            many.append(await fal_client.run_async("local/demo", {"value": 20}))
            handle = await fal_client.submit_async("local/demo", {"value": 30, "seconds": 0.2})
            await fal_client.status_async("local/demo", handle.request_id, with_logs=True)
            await fal_client.cancel_async("local/demo", handle.request_id)
            many.append(await handle.get())
            many.append(await fal_client.result_async("local/demo", handle.request_id))
            numbers = [event["number"] async for event in fal_client.stream_async("local/demo", {})]
            url = await fal_client.upload_async(b"abc", "text/plain")
            size = await fal_client.run_async("local/demo", {"url": url}, path="/size")
            print(json.dumps([*(item["value"] for item in many), *numbers, size["size"]]))
        asyncio.run(main())
        """,
        tmp_path,
    )
    assert answer == [*range(1, 21), 10, 21, 31, 31, 0, 1, 2, 3]


def test_an_environment_s_own_sitecustomize_still_runs(fal: Local, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import builtins; builtins.mine = 1\n")
    environment = fal.environment({"PYTHONPATH": str(own)})
    code = "import builtins, fal_client.client as c; print(builtins.mine, c.RUN_URL_FORMAT)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["1", f"{fal.url}/"], done.stderr


def test_execute_passes_the_exit_code_on(fal: Local) -> None:
    port = int(fal.url.rpartition(":")[2])
    assert redirect.execute([sys.executable, "-c", "raise SystemExit(7)"], port=port) == 7
    with pytest.raises(redirect.NoRuntime, match="No such file"):
        redirect.execute(["/no/such/program"], port=port)


@pytest.mark.versions
def test_a_websocket_is_passed_through_both_ways(fal: Local) -> None:
    with connect(fal.app_url("demo", "/ws").replace("http", "ws"), proxy=None) as socket:
        socket.send("hello")
        assert socket.recv() == "HELLO"
        socket.send("bye")
        assert socket.recv() == "BYE"
        with pytest.raises(Exception, match="4001"):
            socket.recv()


def test_a_websocket_to_a_plain_endpoint_is_refused(fal: Local) -> None:
    with pytest.raises(Exception, match="HTTP 40"):
        connect(fal.app_url("demo", "/nothing").replace("http", "ws"), proxy=None)


@pytest.mark.versions
def test_http_over_a_websocket(fal: Local) -> None:
    with connect(fal.url.replace("http", "ws") + "/ws/local/demo", proxy=None) as socket:
        for value in (1, 2):
            socket.send(json.dumps({"value": value}))
        for value in (1, 2):
            start = json.loads(socket.recv())
            assert (start["type"], start["status"]) == ("start", 200)
            assert json.loads(socket.recv()) == {"value": value + 1}
            end = json.loads(socket.recv())
            assert (end["type"], end["request_id"]) == ("end", start["request_id"])


def test_a_queue_host_name_needs_no_prefix(fal: Local) -> None:
    submitted = httpx.post(f"{fal.url}/local/demo", json={"value": 1}, headers={"host": "queue.fal.run"}).json()
    assert submitted["status_url"].startswith("https://queue.fal.run/local/demo/requests/")


def test_a_large_output_of_the_toolkit(fal: Local) -> None:
    answer = fal.run("demo", {"value": 20_000_000}, "/big")
    head = httpx.head(answer["url"])
    assert head.headers["content-type"] == "application/x-big"
    assert head.headers["content-length"] == "20000000"


def test_a_file_lives_as_long_as_its_upload_says(fal: Local, tmp_path: Path) -> None:
    code = """
        import json, fal_client
        short = fal_client.StorageSettings(expires_in=3)
        print(json.dumps([fal_client.upload(b"abc", "text/plain", lifecycle=short), fal_client.upload(b"def", "text/plain")]))
        """
    short, long = program(fal, code, tmp_path)
    assert httpx.get(short).content == b"abc"
    time.sleep(3.1)
    assert httpx.get(short).status_code == 404
    assert httpx.get(long).content == b"def"


def test_files_whose_time_is_over_are_deleted(tmp_path: Path) -> None:
    async def some(content: bytes) -> AsyncIterator[bytes]:
        yield content

    async def upload(seconds: float) -> Upload:
        upload = store.begin({"x-fal-object-lifecycle": json.dumps({"expiration_duration_seconds": seconds})}, "a.txt")
        await store.receive(upload, some(b"abc"))
        store.finish(upload)
        return upload

    store = Store(tmp_path, "http://x")
    kept, expired, abandoned = asyncio.run(upload(60)), asyncio.run(upload(0.001)), store.begin({})
    os.utime(tmp_path / abandoned.id, (0, 0))
    young = store.begin({})
    time.sleep(0.01)
    store.expire()
    assert {path.name for path in tmp_path.iterdir()} == {kept.id, young.id}
    assert expired.id not in (kept.id, young.id)


@pytest.mark.parametrize(
    ("sizes", "most", "free", "refused"),
    [
        pytest.param([1000, 2000], 1 << 20, 1 << 40, [False, False], id="there is room"),
        pytest.param([60_000, 60_000, 1000], 100_000, 1 << 40, [False, True, False], id="one too many; a small one fits still"),
        pytest.param([0] * 6, 13_000, 1 << 40, [False] * 3 + [True] * 3, id="empty ones count as well"),
        pytest.param([1000], 1 << 20, 1 << 20, [True], id="the disk is nearly full"),
    ],
)
def test_the_store_has_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], most: int, free: int, refused: list[bool]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 41, 0, free))  # type: ignore[attr-defined]
    store = Store(tmp_path, "http://x", most)
    assert [_is_refused(store, size) for size in sizes] == refused
    for place in tmp_path.iterdir():
        (place / "about.json").write_text('{"expires": 0}')
    store.expire()
    assert list(tmp_path.iterdir()) == []
    assert [_is_refused(store, size) for size in sizes] == refused, "what expired gives its room back"


def test_files_from_before_count(tmp_path: Path) -> None:
    assert not _is_refused(Store(tmp_path, "http://x", 100_000), 60_000)
    again = Store(tmp_path, "http://x", 100_000)
    assert _is_refused(again, 60_000) and not _is_refused(again, 10_000)


def _is_refused(store: Store, size: int) -> bool:
    async def body() -> AsyncIterator[bytes]:
        yield bytes(size)

    try:
        upload = store.begin({})
    except OSError:
        return True
    try:
        asyncio.run(store.receive(upload, body()))
    except OSError:
        store.discard(upload)
        return True
    store.finish(upload)
    return False


def test_uploads_that_nobody_completes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdn, "_MOST_OPEN", 3)
    store = Store(tmp_path, "http://x")
    first, *_ = [store.begin({}) for _ in range(3)]
    with pytest.raises(OSError, match="not completed"):
        store.begin({})
    store.discard(first)
    whole = store.begin({})
    (tmp_path / whole.id / "part-00000").touch()
    store.finish(whole)
    store.begin({})


def test_files_cannot_leave_their_folder(fal: Local) -> None:
    for path in ("/files/..%2f..%2flock/x", "/files/../queue.db", "/files/%2e%2e/queue.db", "/files/x/../../queue.db"):
        assert httpx.get(fal.url + path).status_code == 404


def test_a_small_and_a_large_javascript_upload(fal: Local) -> None:
    wanted = {"file_name": "a.txt", "content_type": "text/plain"}
    small = httpx.post(f"{fal.url}/rest/storage/upload/initiate?storage_type=fal-cdn-v3", json=wanted).json()
    httpx.put(small["upload_url"], content=b"abc").raise_for_status()
    assert fal.fetch(small["file_url"]) == b"abc"
    large = httpx.post(f"{fal.url}/rest/storage/upload/initiate-multipart?storage_type=fal-cdn-v3", json=wanted).json()
    for number, content in ((2, b"def"), (1, b"abc")):
        assert httpx.put(f"{large['upload_url']}/{number}", content=content).headers["etag"]
    httpx.post(f"{large['upload_url']}/complete", json={"parts": []}).raise_for_status()
    assert fal.fetch(large["file_url"]) == b"abcdef"
