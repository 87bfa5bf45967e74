"""A Cog predictor under Replicate's real server, without Docker."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from converters.ir import App

from .observe import Observation
from .outcome import File, Outcome, SideFailed
from .source import Process, Staged, last_words

START_SECONDS = 40


_WORDS = re.compile(
    r"(Prediction failed|Training failed|Generator iteration error|Async generator iteration error|Failed to process output( item)?"
    r"|[\w.]*(Error|Exception|Exit|Interrupt|Timeout|Warning)): "
)
"""What coglet 0.23 puts before an exception's message."""


class Predictor:
    """The source side of a Cog project."""

    def __init__(self, url: str, process: Process, observation: Observation, *, train: bool, seconds: float) -> None:
        self._client = httpx.Client(base_url=url, timeout=seconds, trust_env=False)
        self._process, self._observation = process, observation
        self._route = "/trainings" if train else "/predictions"

    def wait(self) -> None:
        """Wait until ``setup()`` is done. Raises SideFailed where it does not end well."""
        deadline = time.monotonic() + START_SECONDS
        while (status := self._health()) != "READY":
            if status in ("SETUP_FAILED", "DEFUNCT") or self._process.ended or time.monotonic() > deadline:
                raise SideFailed(self._setup_log() or self._process.last_words())
            time.sleep(0.05)

    def _health(self) -> str:
        try:
            return str(self._client.get("/health-check").json()["status"])
        except (httpx.HTTPError, ValueError, KeyError):
            return "DOWN"

    def _setup_log(self) -> str:
        try:
            logs = str(self._client.get("/health-check").json()["setup"]["logs"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return ""
        return last_words(logs) if logs.strip() else ""

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        self._observation.begin(number)
        deadline = time.monotonic() + 10
        while True:
            try:
                response = self._client.post(self._route, json={"input": body})
            except httpx.TimeoutException:
                return Outcome("silence", "no answer in time")
            except httpx.HTTPError as error:
                return Outcome("silence", str(error))
            if response.status_code != 409 or time.monotonic() > deadline:  # 409: it is still busy with the one before
                break
            time.sleep(0.02)
        if response.status_code != 200:
            return Outcome("refused", response.text)
        found: dict[str, Any] = response.json()
        chunks = tuple(contents(found["output"])) if stream and isinstance(found.get("output"), list) else None
        if found["status"] != "succeeded":
            return Outcome("error", _message(found.get("error", "")), chunks)  # what was streamed before is not told
        return Outcome("result", None if stream else contents(found.get("output")), chunks)

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def required(schema: Path, otherwise: list[str]) -> list[str]:
    """The inputs that the server demands by Cog's schema file: those with ``default=None`` too, where their type does not allow null."""
    found: list[str] = json.loads(schema.read_text()).get("components", {}).get("schemas", {}).get("Input", {}).get("required", otherwise)
    return found


def _message(error: Any) -> Any:
    """The exception's own message, which the server says after words of its own and the exception's class."""
    while isinstance(error, str) and (found := _WORDS.match(error)):
        error = error[found.end() :]
    return error


def contents(value: Any) -> Any:
    """An output with the contents of its data URLs."""
    if isinstance(value, str) and value.startswith("data:") and ";base64," in value:
        kind, _, data = value[5:].partition(";base64,")
        return File(base64.b64decode(data), kind)
    if isinstance(value, dict):
        return {key: contents(item) for key, item in value.items()}
    return [contents(item) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def serve(
    staged: Staged,
    app: App,
    observation: Observation,
    secrets: dict[str, str],
    *,
    private: bool,
    seconds: float,
    schema: Path | None = None,
) -> Iterator[Predictor]:
    """Run the real server while the ``with`` block runs; ``schema`` is what Cog's build writes for it. Raises SideFailed."""
    predictor = app.predictor
    assert predictor is not None
    train = predictor.method == "train" or predictor.name == "train"
    if schema is not None:
        (staged.root / staged.workdir.lstrip("/") / ".cog").mkdir(parents=True, exist_ok=True)
        shutil.copy(schema, staged.root / staged.workdir.lstrip("/") / ".cog" / "openapi_schema.json")
    port = _free_port()
    reference = f"{Path(predictor.file).name}:{predictor.name}"
    environment = {"COG_TRAIN_TYPE_STUB" if train else "COG_PREDICT_TYPE_STUB": reference, "PORT": str(port), **secrets}
    argv = [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1", *(["--x-mode", "train"] if train else [])]
    process = Process(staged, argv, observation, environment, private=private)
    try:
        process.start()
        with contextlib.closing(Predictor(f"http://127.0.0.1:{port}", process, observation, train=train, seconds=seconds)) as side:
            side.wait()
            yield side
    finally:
        process.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
