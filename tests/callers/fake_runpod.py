"""A small RunPod: the HTTP API of one endpoint, answered by a worker's own handler in this process.

What it answers: https://docs.runpod.io/serverless/endpoints/operation-reference. A job is IN_QUEUE and IN_PROGRESS once each before its end.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Job:
    result: dict[str, Any]
    parts: list[Any]
    asked: int = 0


@dataclass
class FakeRunPod:
    """`url` stands for `https://api.runpod.ai/v2`; `workers` are the configurations that workers gave to `start`, by endpoint."""

    workers: dict[str, dict[str, Any]]
    url: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)

    def answer(self, endpoint: str, operation: str, job_id: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation in ("run", "runsync"):
            job = self._run(self.workers[endpoint], f"job-{len(self.jobs)}", body)
            if operation == "runsync":
                return {"id": job_id, **job.result}
            self.jobs[f"job-{len(self.jobs)}"] = job
            return {"id": f"job-{len(self.jobs) - 1}", "status": "IN_QUEUE"}
        job = self.jobs[job_id]
        job.asked += 1
        if operation == "stream":
            parts, job.parts = job.parts, []
            return {"status": "COMPLETED", "stream": [{"output": part} for part in parts]}
        waiting = {1: "IN_QUEUE", 2: "IN_PROGRESS"}.get(job.asked)
        return {"id": job_id, "status": waiting} if waiting else {"id": job_id, **job.result}

    @staticmethod
    def _run(config: dict[str, Any], job_id: str, body: dict[str, Any]) -> Job:
        handler = config["handler"]
        try:
            output = handler({"id": job_id, "input": body["input"]})
            parts = list(output) if inspect.isgenerator(output) else []
            output = parts if inspect.isgenerator(output) else output
        except Exception as error:
            return Job({"status": "FAILED", "error": str(error)}, [])
        if isinstance(output, dict) and "error" in output:
            return Job({"status": "FAILED", "error": output["error"]}, [])
        return Job({"status": "COMPLETED", "output": output}, parts)


def load(worker: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the worker in a folder gives to `runpod.serverless.start`."""
    import runpod

    started: list[dict[str, Any]] = []
    monkeypatch.setattr(runpod.serverless, "start", started.append)
    monkeypatch.syspath_prepend(str(worker))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the fixture stays as it is, which other tests look at
    spec = importlib.util.spec_from_file_location(f"worker_{worker.name.replace('-', '_')}", worker / "handler.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("stopwords", None)
    return started[0] if started else {"handler": module.handler}


@contextmanager
def serve(workers: dict[str, dict[str, Any]]) -> Iterator[FakeRunPod]:
    """Serve endpoints on a port of this machine."""
    fake = FakeRunPod(workers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != "Bearer rp-key":
                self.send_error(401)
                return
            _, endpoint, operation, *rest = self.path.removeprefix("/v2").split("/")
            answer = json.dumps(fake.answer(endpoint, operation, rest[0] if rest else "", json.loads(body or b"{}"))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}/v2"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
