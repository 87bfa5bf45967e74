"""What the gateway does to requests and answers: names, headers, limits, routing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

import fal_runtime
from fal_runtime.asgi import Receive, Scope, Send
from fal_runtime.directory import Directory
from fal_runtime.gateway import Gateway
from fal_runtime.testing import AppError, Local

PYPROJECT = """
[tool.fal.apps.demo]
ref = "app.py::Demo"
[tool.fal.apps.pair]
ref = "app.py::Pair"
"""

APP = """
import os, time
import fal
from fastapi import HTTPException, Response
from pydantic import BaseModel

class Input(BaseModel):
    size: int = 0
    seconds: float = 0
    status: int = 200
    headers: dict[str, str] = {}

class Demo(fal.App, name="demo", max_concurrency=1, max_multiplexing=2):
    healthy = True
    cancelled = ()

    @fal.endpoint("/")
    def run(self, input: Input, response: Response) -> dict:
        response.headers.update(input.headers)
        if input.status != 200:
            raise HTTPException(input.status, os.environ["FAL_JOB_ID"], headers=input.headers)
        return {"runner": os.environ["FAL_JOB_ID"]}

    @fal.endpoint("/sick", health_check=fal.HealthCheck(call_regularly=False))
    def sick(self) -> dict:
        if not self.healthy:
            raise HTTPException(500, "sick")
        return {}

    @fal.endpoint("/break")
    def fall_ill(self, input: Input, response: Response) -> dict:
        self.healthy = False
        response.headers.update(input.headers)
        return {"runner": os.environ["FAL_JOB_ID"]}

    @fal.endpoint("/wait")
    async def wait(self, input: Input) -> dict:
        import asyncio
        for _ in range(int(input.seconds * 100)):
            await asyncio.sleep(0.01)
            if self.current_request.request_id in self.cancelled:
                raise HTTPException(499, "stopped")
        return {}

    @fal.endpoint("/wait/cancel")
    async def cancel(self) -> dict:
        self.cancelled = (*self.cancelled, self.current_request.request_id)
        return {}

class Pair(fal.App, name="pair", min_concurrency=2, max_concurrency=2):
    def provide_hints(self):
        return [f"runner-{os.environ['FAL_JOB_ID']}", "any"]

    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        time.sleep(input.seconds)
        return {"runner": os.environ["FAL_JOB_ID"]}
"""


def write(root: Path) -> Path:
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    return root


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with fal_runtime.serve(write(tmp_path_factory.mktemp("project")), max_body=1_000_000) as local:
        yield local


@pytest.mark.parametrize("root", ["", "/queue"])
@pytest.mark.parametrize("namespace", ["workflows", "comfy"])
def test_a_namespace_may_stand_before_the_owner(fal: Local, root: str, namespace: str) -> None:
    answer = httpx.post(f"{fal.url}{root}/{namespace}/local/demo/", json={})
    assert answer.status_code == 200
    missing = httpx.post(f"{fal.url}{root}/{namespace}/local/none", json={})
    assert missing.status_code == 404
    assert missing.json()["detail"].startswith('Application "local/none" not found: only local apps are served here (')


def test_an_environment_is_a_suffix_of_the_names(tmp_path: Path) -> None:
    with fal_runtime.serve(write(tmp_path), environment="staging") as fal:
        assert "runner" in fal.run("demo--staging", {})
        assert "runner" in fal.submit("demo--staging", {}).get()
        with pytest.raises(AppError, match='Application \\\\"local/demo\\\\" not found'):
            fal.run("demo", {})


def test_headers_of_an_answer_have_a_limit(fal: Local) -> None:
    assert "runner" in fal.run("demo", {"headers": {"x-large": "x" * 15_000}})
    with pytest.raises(AppError, match="headers of the answer are larger than 16384 bytes") as refused:
        fal.run("demo", {"headers": {"x-large": "x" * 16_384}})
    assert (refused.value.status, refused.value.response.headers["x-fal-error-type"]) == (502, "runner_incomplete_response")


@pytest.mark.parametrize("root", ["", "/queue"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(fal: Local, root: str, chunked: bool) -> None:
    body = b" " * 1_000_001
    content = iter([body[:500_000], body[500_000:]]) if chunked else body
    refused = httpx.post(f"{fal.url}{root}/local/demo", content=content, headers={"content-type": "application/json"})
    assert (refused.status_code, refused.json()["detail"]) == (413, "Request body is larger than 1000000 bytes")


def test_a_fault_of_the_runtime_is_an_internal_error_and_one_line() -> None:
    async def bad(scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        raise OSError(28, "No space left on device")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    sent: list[MutableMapping[str, Any]] = []
    lines: list[str] = []
    gateway = Gateway(Directory("local", {}), {"bad": bad}, 10, lambda app, text: lines.append(text))
    scope = {"type": "http", "scheme": "http", "method": "PUT", "path": "/bad/x", "raw_path": b"/bad/x", "headers": []}
    asyncio.run(gateway(scope, None, send))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["error_type"] == "internal_error"
    assert lines == ["PUT /bad/x failed here: OSError: [Errno 28] No space left on device"]


def test_a_value_that_is_not_text_is_refused(fal: Local) -> None:
    assert httpx.put(f"{fal.url}/kv/set/db/key", content=b"\xff").status_code == 400


def test_a_hint_finds_its_runner_and_never_waits_for_it(fal: Local) -> None:
    url = fal.app_url("pair")
    known: dict[str, int] = {}
    deadline = time.monotonic() + 20
    while len(known) < 2:  # round robin, once both are ready
        answer = httpx.post(url, json={})
        known[answer.headers["x-fal-runner-hints"].partition(",")[0]] = answer.json()["runner"]
        assert time.monotonic() < deadline
    for hint, runner in [*known.items()] * 3:
        assert httpx.post(url, json={}, headers={"x-fal-runner-hint": hint}).json()["runner"] == runner
        assert fal.submit("pair", {}, headers={"x-fal-runner-hint": hint}).get()["runner"] == runner
    (hint, runner), _ = known.items()
    busy = fal.submit("pair", {"seconds": 1}, headers={"x-fal-runner-hint": hint})
    while busy.status()["status"] != "IN_PROGRESS":
        time.sleep(0.01)
    assert httpx.post(url, json={}, headers={"x-fal-runner-hint": hint}).json()["runner"] != runner
    assert busy.get()["runner"] == runner


def test_an_answer_of_503_keeps_its_runner_where_it_says_so(fal: Local) -> None:
    runner = fal.run("demo", {})["runner"]
    kept = httpx.post(fal.app_url("demo"), json={"status": 503, "headers": {"x-fal-stop-runner": "false"}})
    assert (kept.status_code, kept.json()["detail"]) == (503, runner)
    assert fal.run("demo", {})["runner"] == runner
    assert httpx.post(fal.app_url("demo"), json={"status": 503}).status_code == 503
    assert fal.run("demo", {})["runner"] != runner


def test_an_answer_may_ask_for_a_health_check_now(fal: Local, wait: Callable[..., None]) -> None:
    sick = fal.run("demo", {"headers": {}}, "/break")["runner"]
    assert fal.run("demo", {})["runner"] == sick  # nobody looked
    httpx.post(fal.app_url("demo", "/break"), json={"headers": {"x-fal-runner-health-check": "true"}})
    wait(lambda: "demo: the runner failed its health check and is replaced" in fal.lines)
    assert fal.run("demo", {})["runner"] != sick


def test_results_name_their_runner(fal: Local) -> None:
    direct = httpx.post(fal.app_url("demo"), json={}).headers["x-fal-served-from"]
    handle = fal.submit("demo", {})
    handle.get()
    assert httpx.get(f"{fal.url}/queue/local/demo/requests/{handle.request_id}").headers["x-fal-served-from"] == direct


def test_a_carried_call_has_the_platform_s_headers_and_is_cancelled_with_its_socket(fal: Local, wait: Callable[..., None]) -> None:
    url = fal.url.replace("http", "ws") + "/ws/local/demo"
    with connect(url, proxy=None) as socket:
        socket.send(json.dumps({"headers": {"x-fal-needs-retry": "0", "x-own": "1"}}))
        start = json.loads(socket.recv())
    assert start["headers"]["x-fal-request-id"] == start["request_id"]
    assert (start["headers"]["x-own"], "x-fal-needs-retry" in start["headers"]) == ("1", False)
    busy = 'fal_app_concurrent_requests{application="local/demo"} '
    with connect(f"{url}/wait", proxy=None) as socket:
        socket.send(json.dumps({"seconds": 600}))
        wait(lambda: f"{busy}1" in httpx.get(f"{fal.url}/metrics").text)
    wait(lambda: f"{busy}0" in httpx.get(f"{fal.url}/metrics").text)
