"""The queue, as its clients see it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import fal_runtime
from fal_runtime import queue as queues
from fal_runtime.calls import Request
from fal_runtime.jobs import Job, policy_of
from fal_runtime.journal import Journal
from fal_runtime.queue import Queue
from fal_runtime.testing import AppError, Local
from fal_runtime.usage import Meter

WORK = "work"

PYPROJECT = """
[tool.fal.apps.work]
ref = "app.py::Work"
[tool.fal.apps.many]
ref = "app.py::Many"
[tool.fal.apps.held]
ref = "app.py::Held"
"""

APP = '''
import os, time
from pathlib import Path
import fal
from fal.exceptions import RequestCancelledException
from fastapi import HTTPException, Response
from pydantic import BaseModel


class Input(BaseModel):
    value: int = 0
    seconds: float = 0
    file: str = ""

class Work(fal.App, name="work", max_concurrency=1, request_timeout=2):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        print(f"working on {input.value}")
        time.sleep(input.seconds)
        return {"value": input.value}

    @fal.endpoint("/flaky")
    def flaky(self, input: Input) -> dict:
        """Fails until the file has as many letters as value."""
        path = Path(input.file)
        tries = len(path.read_text()) if path.exists() else 0
        path.write_text("x" * (tries + 1))
        if tries < input.value:
            raise HTTPException(503, "not yet")
        return {"tries": tries + 1}

    @fal.endpoint("/die")
    def die(self, input: Input) -> dict:
        path = Path(input.file)
        tries = len(path.read_text()) if path.exists() else 0
        path.write_text("x" * (tries + 1))
        if tries < input.value:
            os._exit(1)
        return {"tries": tries + 1}

    @fal.endpoint("/status")
    def status(self, input: Input, response: Response) -> dict:
        raise HTTPException(input.value, [{"loc": ["body"], "msg": "no", "type": "x"}])

    @fal.endpoint("/stop")
    def stop(self, input: Input, response: Response) -> dict:
        response.headers["x-fal-stop-runner"] = "true"
        return {"runner": os.environ["FAL_JOB_ID"]}

    @fal.endpoint("/retry-me")
    def retry_me(self, input: Input) -> dict:
        raise HTTPException(500, "again?", headers={"x-fal-needs-retry": "1", "x-own": "kept"})

class Gated(BaseModel):
    value: int = 0
    seconds: float = 0
    gate: str = ""
    """A file that must be there before it goes on."""
    file: str = os.devnull

class Held(fal.App, name="held", max_concurrency=1):
    @fal.endpoint("/")
    def run(self, input: Gated) -> dict:
        print(f"working on {input.value}")
        while input.gate and not Path(input.gate).exists():
            time.sleep(0.01)
        time.sleep(input.seconds)
        with open(input.file, "a") as file:
            file.write(f"{input.value} ")
        return {"value": input.value}

class Many(fal.App, name="many", max_concurrency=1, max_multiplexing=4):
    cancelled = ()

    @fal.endpoint("/")
    async def run(self, input: Input) -> dict:
        import asyncio
        self.cancelled = set()
        for _ in range(int(input.seconds * 100)):
            await asyncio.sleep(0.01)
            if self.current_request.request_id in self.cancelled:
                raise RequestCancelledException("stopped")
        return {"value": input.value}

    @fal.endpoint("/cancel")
    async def cancel(self) -> dict:
        self.cancelled.add(self.current_request.request_id)
        return {}
'''


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory, seen_by_all: Path) -> Iterator[Local]:
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    with fal_runtime.serve(root, writable=[seen_by_all]) as local:
        yield local


def test_a_request_goes_from_queue_to_result(fal: Local, shared: Path) -> None:
    gate = shared / "gate"
    ahead = fal.submit("held", {"gate": str(gate)})
    response = httpx.post(f"{fal.url}/queue/local/held", json={"value": 3, "seconds": 0.3})
    submitted = response.json()
    assert response.status_code == 200
    assert submitted["status"] == "IN_QUEUE"
    base = f"{fal.url}/queue/local/held/requests/{submitted['request_id']}"
    assert submitted["response_url"] == base
    assert (submitted["status_url"], submitted["cancel_url"]) == (f"{base}/status", f"{base}/cancel")
    status = httpx.get(f"{base}/status")
    assert status.status_code == 202
    assert status.json()["status"] in ("IN_QUEUE", "IN_PROGRESS")
    early = httpx.get(base)
    assert (early.status_code, early.json()["detail"]) == (400, "Request is still in progress")
    gate.touch()
    while (status := httpx.get(f"{base}/status?logs=1")).status_code == 202:
        time.sleep(0.02)
    assert ahead.status()["status"] == "COMPLETED"
    document = status.json()
    assert (status.status_code, document["status"]) == (200, "COMPLETED")
    assert document["metrics"]["inference_time"] >= 0.3
    assert [entry["message"] for entry in document["logs"] if "working" in entry["message"]] == ["working on 3"]
    assert document["logs"][0]["level"] == "STDOUT"
    assert document["logs"][0]["labels"] == {"fal_request_id": submitted["request_id"], "fal_endpoint": "local/held"}
    for url in (base, f"{base}/", f"{base}/response"):
        result = httpx.get(url)
        assert (result.status_code, result.json()) == (200, {"value": 3})
    assert result.headers["x-fal-request-id"] == submitted["request_id"]


def test_the_status_stream_tells_each_change_and_ends(fal: Local, shared: Path) -> None:
    gate = shared / "gate"
    submitted = httpx.post(f"{fal.url}/queue/local/held", json={"value": 1, "gate": str(gate)}).json()
    events = []
    with httpx.stream("GET", submitted["status_url"] + "/stream?logs=1") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line[6:]))
                if events[-1]["status"] == "IN_PROGRESS":
                    gate.touch()
    states = [event["status"] for event in events]
    assert states[-1] == "COMPLETED"
    assert states.index("IN_PROGRESS") < states.index("COMPLETED")


def test_an_unknown_request_is_not_found(fal: Local) -> None:
    base = f"{fal.url}/queue/local/{WORK}/requests/nothing"
    for response in (httpx.get(base), httpx.get(f"{base}/status"), httpx.put(f"{base}/cancel")):
        assert (response.status_code, response.json()) == (404, {"status": "NOT_FOUND"})
    assert httpx.post(f"{fal.url}/queue/local/none", json={}).status_code == 404


def test_requests_run_in_order_and_low_priority_behind_all_normal(fal: Local, shared: Path) -> None:
    file, gate = str(shared / "order"), shared / "gate"
    first = fal.submit("held", {"value": 0, "gate": str(gate), "file": file})
    assert next(status for status in iter(lambda: first.status()["status"], "") if status != "IN_QUEUE") == "IN_PROGRESS"
    handles = [
        fal.submit("held", {"value": value, "file": file}, "", {"x-fal-queue-priority": priority})
        for value, priority in [(3, "low"), (1, "normal"), (4, "low"), (2, "normal")]
    ]
    positions = [handle.status()["queue_position"] for handle in handles]
    assert positions == [2, 0, 3, 1]
    gate.touch()
    for handle in [first, *handles]:
        handle.get()
    assert Path(file).read_text() == "0 1 2 3 4 "


def test_a_longest_queue_refuses_more(fal: Local, shared: Path) -> None:
    gate = shared / "gate"
    handles = [fal.submit("held", {"gate": str(gate)}) for _ in range(3)]
    with pytest.raises(AppError) as refused:
        fal.submit("held", {}, fal_max_queue_length="1")
    assert refused.value.status == 429
    gate.touch()
    for handle in handles:
        handle.get()


def test_503_is_retried_on_a_new_runner(fal: Local, shared: Path) -> None:
    assert fal.submit("work", {"value": 2, "file": str(shared / "flaky")}, "/flaky").get() == {"tries": 3}


def test_no_retry_beats_everything(fal: Local, shared: Path) -> None:
    handle = fal.submit("work", {"value": 2, "file": str(shared / "flaky")}, "/flaky", {"x-fal-no-retry": "1"})
    with pytest.raises(AppError) as failed:
        handle.get()
    assert (failed.value.status, failed.value.detail) == (503, "not yet")
    assert handle.status()["error"] == "not yet"


def test_a_retry_budget_of_the_request_is_kept(fal: Local, shared: Path) -> None:
    file = shared / "flaky"
    config = json.dumps({"server_error": {"retries": 1}})
    with pytest.raises(AppError):
        fal.submit("work", {"value": 5, "file": str(file)}, "/flaky", {"x-fal-retry-config": config}).get()
    assert len(file.read_text()) == 2


def test_a_runner_that_dies_is_a_retry(fal: Local, shared: Path) -> None:
    assert fal.submit("work", {"value": 1, "file": str(shared / "die")}, "/die").get() == {"tries": 2}


def test_a_request_that_takes_too_long_costs_the_runner_and_is_retried_as_timeout(fal: Local) -> None:
    config = json.dumps({"timeout": {"retries": 0}})
    before = fal.run("work", {}, "/stop")["runner"]
    handle = fal.submit("work", {"seconds": 30}, headers={"x-fal-retry-config": config})
    with pytest.raises(AppError) as failed:
        handle.get()
    assert (failed.value.status, failed.value.response.json()["error_type"]) == (504, "request_timeout")
    assert handle.status()["error_type"] == "request_timeout"
    with pytest.raises(AppError) as direct:
        fal.run("work", {"seconds": 30})
    assert direct.value.status == 504
    assert fal.run("work", {}, "/stop")["runner"] != before


def test_stop_runner_replaces_the_runner_and_is_stripped(fal: Local) -> None:
    first = httpx.post(fal.app_url("work", "/stop"), json={})
    second = httpx.post(fal.app_url("work", "/stop"), json={}, timeout=30)
    assert first.json()["runner"] != second.json()["runner"]
    assert "x-fal-stop-runner" not in first.headers
    assert first.headers["x-fal-served-from"] != second.headers["x-fal-served-from"]


def test_an_error_of_the_app_is_the_result(fal: Local) -> None:
    handle = fal.submit("work", {"value": 422}, "/status")
    with pytest.raises(AppError) as failed:
        handle.get()
    assert failed.value.status == 422
    assert failed.value.detail == [{"loc": ["body"], "msg": "no", "type": "x"}]
    assert handle.status()["error"] == "Invalid status code: 422"


def test_a_start_timeout_ends_a_request_that_waits(fal: Local) -> None:
    busy = fal.submit("work", {"seconds": 1})
    handle = fal.submit("work", {}, headers={"x-fal-request-timeout": "0.3"})
    with pytest.raises(AppError) as failed:
        handle.get()
    assert failed.value.status == 504
    assert failed.value.response.headers["x-fal-request-timeout-type"] == "user"
    assert busy.get() == {"value": 0}


def test_a_start_timeout_ends_a_direct_call_that_waits(fal: Local) -> None:
    busy = fal.submit("work", {"seconds": 1})
    with pytest.raises(AppError) as failed:
        fal.run("work", {}, headers={"x-fal-request-timeout": "0.3"})
    assert (failed.value.status, failed.value.response.headers["x-fal-request-timeout-type"]) == (504, "user")
    with pytest.raises(AppError, match="not a number"):
        fal.run("work", {}, headers={"x-fal-request-timeout": "soon"})
    assert busy.get() == {"value": 0}


def test_a_waiting_request_can_be_cancelled(fal: Local) -> None:
    busy = fal.submit("work", {"seconds": 0.5})
    handle = fal.submit("work", {})
    assert handle.cancel() == "CANCELLATION_REQUESTED"
    with pytest.raises(AppError) as failed:
        handle.get()
    assert (failed.value.status, failed.value.response.json()["error_type"]) == (499, "client_cancelled")
    assert handle.cancel() == "ALREADY_COMPLETED"
    busy.get()


def test_a_running_request_is_told_and_may_end_with_499(fal: Local) -> None:
    handle = fal.submit("many", {"seconds": 20})
    while handle.status()["status"] != "IN_PROGRESS":
        time.sleep(0.02)
    time.sleep(0.1)
    assert handle.cancel() == "CANCELLATION_REQUESTED"
    with pytest.raises(AppError) as failed:
        handle.get()
    assert (failed.value.status, failed.value.detail) == (499, "stopped")


def test_an_app_without_a_cancel_route_just_finishes(fal: Local) -> None:
    handle = fal.submit("work", {"value": 8, "seconds": 0.4})
    while handle.status()["status"] != "IN_PROGRESS":
        time.sleep(0.02)
    handle.cancel()
    assert handle.get() == {"value": 8}


def test_a_client_that_leaves_a_direct_call_cancels_it(fal: Local) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(fal.app_url("many"), json={"seconds": 20}, timeout=0.5)
    deadline = time.monotonic() + 10
    while 'fal_app_concurrent_requests{application="local/many"} 0' not in httpx.get(f"{fal.url}/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_max_multiplexing_is_enforced(fal: Local) -> None:
    began = time.monotonic()
    many = [fal.submit("many", {"seconds": 0.5}) for _ in range(4)]
    for handle in many:
        handle.get()
    assert time.monotonic() - began < 1.8
    began = time.monotonic()
    one = [fal.submit("work", {"seconds": 0.5}) for _ in range(3)]
    for handle in one:
        handle.get()
    assert time.monotonic() - began >= 1.5


class Receiver:
    """An HTTP server that keeps what it gets; it fails the first ``failures`` requests."""

    def __init__(self, failures: int = 0) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(500 if len(receiver.got) <= failures else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.got) < count:
            assert time.monotonic() < deadline, f"{len(self.got)} of {count} webhooks"
            time.sleep(0.02)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_a_webhook_is_signed_and_retried(fal: Local) -> None:
    receiver = Receiver(failures=1)
    try:
        handle = fal.submit("work", {"value": 5}, fal_webhook=receiver.url)
        receiver.wait(2)
    finally:
        receiver.close()
    headers, body = receiver.got[-1]
    assert json.loads(body) == {
        "request_id": handle.request_id,
        "gateway_request_id": handle.request_id,
        "status": "OK",
        "payload": {"value": 5},
    }
    [key] = httpx.get(f"{fal.url}/rest/.well-known/jwks.json").json()["keys"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
    signed = [headers[f"x-fal-webhook-{name}"] for name in ("request-id", "user-id", "timestamp")]
    public.verify(bytes.fromhex(headers["x-fal-webhook-signature"]), "\n".join([*signed, hashlib.sha256(body).hexdigest()]).encode())
    assert abs(time.time() - int(signed[2])) < 60


def test_a_webhook_of_a_failure_says_so(fal: Local) -> None:
    receiver = Receiver()
    try:
        fal.submit("work", {"value": 422}, "/status", fal_webhook=receiver.url)
        receiver.wait(1)
    finally:
        receiver.close()
    document = json.loads(receiver.got[0][1])
    assert (document["status"], document["error"]) == ("ERROR", "Invalid status code: 422")
    assert document["payload"]["detail"][0]["msg"] == "no"


def test_a_webhook_of_the_platform_s_own_is_not_called(fal: Local) -> None:
    handle = fal.submit("work", {}, fal_webhook="https://queue.fal.run/local/work")
    handle.get()
    line = f"webhook of request {handle.request_id}: https://queue.fal.run/local/work belongs to fal and is not called from here"
    deadline = time.monotonic() + 10
    while not any(line in text for text in fal.lines):
        assert time.monotonic() < deadline, fal.lines
        time.sleep(0.02)


@pytest.mark.whole
def test_the_queue_survives_its_process(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    with fal_runtime.serve(root, state=tmp_path / "state") as fal:
        done = fal.submit("work", {"value": 1})
        done.get()
        waiting = [fal.submit("work", {"value": value, "seconds": 0.5}) for value in (2, 3)]
    with fal_runtime.serve(root, state=tmp_path / "state") as fal:
        ids = [done.request_id, *(handle.request_id for handle in waiting)]
        values = []
        for id in ids:
            url = f"{fal.url}/queue/local/{WORK}/requests/{id}"
            while httpx.get(f"{url}/status").status_code == 202:
                time.sleep(0.05)
            values.append(httpx.get(url).json())
        assert values == [{"value": 1}, {"value": 2}, {"value": 3}]


def test_results_expire_once_their_webhook_is_delivered(tmp_path: Path) -> None:
    async def rows() -> list[str]:
        journal = Journal(tmp_path / "queue.db")
        journal.open()
        queue = Queue("local", journal, lambda app, text: None)
        before = {"old": 100.0, "young": time.time() - 60, "undelivered": 100.0, "unfinished": None}
        for id, finished in before.items():
            row = {"id": id, "app": "x", "path": b"/", "query": b"", "headers": "[]", "body": b"", "priority": 0, "seq": 1, "policy": "{}"}
            row |= {"submitted": 1.0, "gateway_request_id": id, "finished": finished}
            row["next_delivery"] = 5.0 if id == "undelivered" else None
            names = ", ".join(row)
            await journal.change(
                lambda db, row=row, names=names: db.execute(f"insert into request ({names}) values (:{names.replace(', ', ', :')})", row)
            )
        await queue.expire()
        kept = await journal.change(lambda db: [row["id"] for row in db.execute("select id from request order by id")])
        journal.close()
        return kept

    assert asyncio.run(rows()) == ["undelivered", "unfinished", "young"]


async def _finished(journal: Journal, sizes: dict[str, int], delivering: str = "") -> None:
    """Write results of these sizes, the oldest first."""
    for number, (id, size) in enumerate(sizes.items()):
        row = {"id": id, "app": "x", "path": b"/", "query": b"", "headers": "[]", "body": b"", "priority": 0, "seq": 1, "policy": "{}"}
        row |= {"submitted": 1.0, "gateway_request_id": id, "finished": time.time() - 60 + number, "answer": bytes(size)}
        row["next_delivery"] = 5.0 if id == delivering else None
        names = ", ".join(row)
        await journal.change(
            lambda db, row=row, names=names: db.execute(f"insert into request ({names}) values (:{names.replace(', ', ', :')})", row)
        )


@pytest.mark.parametrize(
    ("sizes", "delivering", "kept"),
    [
        ({"a": 10, "b": 20, "c": 30}, "", ["a", "b", "c"]),
        ({"a": 10, "b": 60, "c": 30}, "", ["b", "c"]),
        ({"a": 10, "b": 200, "c": 30}, "", ["c"]),
        ({"a": 10, "b": 200, "c": 30}, "b", ["a", "b", "c"]),
    ],
)
def test_the_oldest_of_too_many_results_give_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int], delivering: str, kept: list[str]
) -> None:
    async def left() -> list[str]:
        journal = Journal(tmp_path / "queue.db")
        journal.open()
        await _finished(journal, sizes, delivering)
        await Queue("local", journal, lambda app, text: None).expire()
        found = await journal.change(lambda db: [row["id"] for row in db.execute("select id from request order by id")])
        journal.close()
        return found

    monkeypatch.setattr(queues, "_MOST_RESULTS", 95)
    assert asyncio.run(left()) == kept


def test_lines_of_a_request_are_bounded() -> None:
    job = Job(Request("id", "local", "app", "POST", b"/", b"", [], b""), policy_of({}), seq=1)
    for _ in range(3):
        job.log("stdout", "x" * 6_000_000)
    assert [len(line["message"]) for line in job.logs[:2]] == [6_000_000] * 2
    for _ in range(3):
        job.log("stdout", "more")
    assert [line["message"] for line in job.logs[2:]] == ["(what was printed after this line was not kept)"]


@pytest.mark.whole
def test_a_result_has_a_largest_size(tmp_path: Path) -> None:
    app = """
import fal
from pydantic import BaseModel

class Input(BaseModel):
    size: int

class Demo(fal.App, name="demo"):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        return {"text": "x" * input.size}
"""
    (tmp_path / "pyproject.toml").write_text('[tool.fal.apps.demo]\nref = "app.py::Demo"\n')
    (tmp_path / "app.py").write_text(app)
    with fal_runtime.serve(tmp_path, max_body=1 << 16) as fal:
        assert len(fal.submit("demo", {"size": 60_000}).get(timeout=30)["text"]) == 60_000
        with pytest.raises(AppError, match="larger than 65536 bytes"):
            fal.submit("demo", {"size": 70_000}).get(timeout=60)


def test_metrics_have_fal_s_names(fal: Local) -> None:
    fal.run("work", {})
    text = httpx.get(f"{fal.url}/metrics").text
    assert 'fal_app_runners{application="local/work",state="running",machine_type="S"} 1' in text
    assert 'fal_app_queue_size{application="local/work"} 0' in text
    assert 'fal_app_requests_completed{application="local/work",method="POST",status="200"}' in text
    assert 'fal_app_request_latency{application="local/work",le="+Inf"}' in text
    assert "# TYPE fal_app_runner_cpu_usage_percent gauge" in text
    used = {name: float(re.search(rf'fal_app_runner_{name}{{application="local/work"}} (\S+)', text)[1]) for name in _USED}
    assert 0 <= used["cpu_usage_percent"] < 1000
    assert 20e6 < used["memory_usage_bytes"] < 1e9


_USED = ("cpu_usage_percent", "memory_usage_bytes")


def _seconds_of_cpu(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_the_usage_of_a_runner_is_that_of_its_whole_tree() -> None:
    work = "import time; block = bytearray(50_000_000); end = time.time() + 80\nwhile time.time() < end: pass"
    parent = subprocess.Popen([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"])
    try:
        meter = Meter()
        deadline = time.monotonic() + 60
        while meter.measure([parent.pid])[parent.pid].memory < 50e6:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (child,) = map(int, Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split())
        meter.measure([parent.pid])
        began, before = time.monotonic(), _seconds_of_cpu(child)
        while _seconds_of_cpu(child) < before + 0.5:  # which may take long on a machine that is busy
            assert time.monotonic() < deadline
            time.sleep(0.05)
        shares = [100 * (_seconds_of_cpu(child) - before) / (time.monotonic() - began)]
        used = meter.measure([parent.pid])[parent.pid].cpu
        shares.append(100 * (_seconds_of_cpu(child) - before) / (time.monotonic() - began))
        assert 0.8 * min(shares) < used < 1.25 * max(shares)
        assert _seconds_of_cpu(parent.pid) < 0.4, "the parent's own share would do"
        assert meter.measure([0]) == {}
    finally:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        for pid in [*map(int, children), parent.pid]:
            os.kill(pid, signal.SIGKILL)
        parent.wait()
