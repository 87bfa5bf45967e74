"""The real Cog server on a predictor's own folder, without Docker: the side that a converted app is compared with."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

READY_SECONDS = 30


class CogServer:
    """Answers predictions as Replicate's own server does."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def predict(self, arguments: dict[str, Any], route: str = "/predictions") -> dict[str, Any]:
        """The prediction object, or `{"status": "refused"}` with the HTTP status for a request that the schema refuses."""
        deadline = time.monotonic() + READY_SECONDS
        while (response := self._client.post(route, json={"input": arguments})).status_code == 409 and time.monotonic() < deadline:
            time.sleep(0.02)  # it is still busy with the one before, which it has answered
        if response.status_code != 200:
            return {"status": "refused", "code": response.status_code}
        found: dict[str, Any] = response.json()
        return found

    def status(self) -> str:
        with contextlib.suppress(httpx.HTTPError):
            return str(self._client.get("/health-check").json()["status"])
        return "DOWN"


@contextlib.contextmanager
def serve(
    project: Path, reference: str, folder: Path, *, train: bool = False, schema: Path | None = None, **environment: str
) -> Iterator[CogServer]:
    """Run the server on a copy of the project while the `with` block runs."""
    work = folder / "cog"
    shutil.copytree(project, work)
    if schema is not None:
        (work / ".cog").mkdir()
        shutil.copy(schema, work / ".cog" / "openapi_schema.json")
    port = _free_port()
    names = {"COG_TRAIN_TYPE_STUB" if train else "COG_PREDICT_TYPE_STUB": reference, "PORT": str(port)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1", *(["--x-mode", "train"] if train else [])]
    log = (folder / "cog.log").open("wb")
    process = subprocess.Popen(
        command, cwd=work, env={**os.environ, **names, "PATH": path, **environment}, stdout=log, stderr=log, start_new_session=True
    )
    server = CogServer(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + READY_SECONDS
        while (status := server.status()) != "READY":
            if time.monotonic() > deadline or process.poll() is not None or status == "SETUP_FAILED":
                raise AssertionError(f"cog is {status}: {(folder / 'cog.log').read_text()[-2000:]}")
            time.sleep(0.05)
        yield server
    finally:
        server.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(10)
        log.close()


def content(value: Any) -> Any:
    """An output with the bytes of its data URLs in their place."""
    if isinstance(value, str) and value.startswith("data:") and ";base64," in value:
        return base64.b64decode(value.partition(";base64,")[2])
    if isinstance(value, dict):
        return {key: content(item) for key, item in value.items()}
    return [content(item) for item in value] if isinstance(value, list) else value


def data_url(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
