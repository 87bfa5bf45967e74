"""The two sides of the oracle tests: the SDK's own local server, and converted apps under the runtime."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

import fal_runtime
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from fal_runtime.testing import AppError, Local
from tests.warm import Forked, Warm

from .workers import FIXTURES, WORKERS, Outcome, Worker


def write(worker: Worker, folder: Path) -> Path:
    """The worker's project."""
    if not worker.files:
        shutil.copytree(FIXTURES / worker.name, folder)
    for name, text in worker.files.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip())
    return folder


@contextmanager
def runpod_servers(root: Path) -> Iterator[dict[str, str]]:
    """Worker -> URL of the `runpod` local server that serves it (`--rp_serve_api`, or the port variable for strict argument parsers)."""
    with ExitStack() as stack:
        urls = {}
        warm = Warm({"RUNPOD_LOG_LEVEL": "ERROR"}, ["runpod.serverless"])
        stack.callback(warm.close)
        for worker in WORKERS:
            folder = write(worker, root / worker.name)
            port = free_port()
            flags = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
            environment = {**os.environ, **worker.environment, "RUNPOD_LOG_LEVEL": "ERROR"}
            if worker.arguments:
                flags, environment["RUNPOD_REALTIME_PORT"] = [], str(port)
            log = stack.enter_context((root / f"{worker.name}.log").open("wb"))
            process = warm.script(worker.entry, [*worker.arguments, *flags], environment=environment, directory=folder, log=log.fileno())
            stack.callback(_stop, process)
            urls[worker.name] = f"http://127.0.0.1:{port}"
        yield urls


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _stop(process: Forked) -> None:
    process.kill()
    process.wait()


def wait_for(client: httpx.Client, url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.get(f"{url}/openapi.json").raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def on_runpod(client: httpx.Client, url: str, arguments: dict[str, Any]) -> Outcome:
    """What `/runsync` of the local server says about a request."""
    answer = client.post(f"{url}/runsync", json={"input": arguments})
    if answer.is_error:
        return "failed", answer.status_code
    body = answer.json()
    return ("error", _message(body["error"])) if body["status"] == "FAILED" else ("result", body.get("output"))


def _message(error: str) -> str:
    """The message of an exception, which the SDK reports as a JSON document."""
    try:
        document = json.loads(error)
    except ValueError:
        return error
    return str(document["error_message"]) if isinstance(document, dict) else error


@contextmanager
def fal_apps(root: Path) -> Iterator[Local]:
    """All workers, converted, as the apps of one project under one runtime."""
    tables = [table for worker in WORKERS for table in converted(worker, root)]
    (root / "pyproject.toml").write_text("\n".join(tables))
    with fal_runtime.serve(root) as local:
        yield local


def converted(worker: Worker, root: Path) -> list[str]:
    """Write the converted worker to `root/<name>`; its table for a common pyproject.toml."""
    source = write(worker, root.with_name(f"{root.name}-sources") / worker.name)
    outcome = convert(source, Options(name=worker.name))
    assert isinstance(outcome, Converted), outcome
    for change in outcome.files:
        if change.data is not None:
            path = root / worker.name / change.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.data)
    (app,) = outcome.application.apps
    return [f"[tool.fal.apps.{app.name}]", f'ref = "{worker.name}/{app.app_file}::{app.class_name}"', ""]


def on_fal(local: Local, app: str, arguments: dict[str, Any]) -> Outcome:
    """What the app's endpoint answers. A request that its schema refuses is an error of kind `refused`."""
    try:
        return "result", local.run(app, arguments)
    except AppError as error:
        refused = error.status == 422 and isinstance(error.detail, list) and all(isinstance(row, dict) for row in error.detail)
        assert error.status not in (503, 504), "fal would retry the request"
        return ("refused", error.detail) if refused else ("error", error.detail)
