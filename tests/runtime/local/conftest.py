"""A runtime beside an outside that must see no request and no key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import outside
from .outside import ROOT, World

PYPROJECT = """
[tool.fal.apps.demo]
ref = "app.py::Demo"

[tool.fal.apps.caller]
ref = "app.py::Caller"
"""

APP = """
import asyncio, json, os, traceback
import fal
from fal.toolkit import File, Image, KVStore
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

class Input(BaseModel):
    value: int = 0

class Program(BaseModel):
    code: str

class Demo(fal.App, name="demo", max_multiplexing=4):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        return {"value": input.value + 1}

    @fal.endpoint("/stream")
    def stream(self, input: Input) -> StreamingResponse:
        events = (f"data: {json.dumps({'number': number})}\\n\\n" for number in range(3))
        return StreamingResponse(events, media_type="text/event-stream")

    @fal.realtime("/realtime")
    def realtime(self, input: Input) -> dict:
        return {"value": input.value * 2}

class Caller(fal.App, name="caller"):
    @fal.endpoint("/")
    async def run(self, input: Program) -> dict:
        names = {}
        exec("async def main():\\n" + input.code, names)
        try:
            return {"answer": await names["main"]()}
        except Exception as error:
            traceback.print_exc()
            return {"error": f"{type(error).__name__}: {error}"}
"""


class Running:
    """`migrate run` as the user of that world starts it, and programs below `migrate exec`."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world = world
        self._directory = directory
        (directory / "pyproject.toml").write_text(PYPROJECT)
        (directory / "app.py").write_text(APP)
        options = ["--port", "0", "--data", str(directory / "data"), "--state", str(directory / "state"), "--key", "gate-id:gate-secret"]
        self.process = subprocess.Popen(
            [*world.prefix, sys.executable, "-m", "fal_runtime", str(directory), *options],
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if match := re.match(r"caller: http://127.0.0.1:(\d+)", line):
                self.port = match[1]
                return
        raise AssertionError("the runtime did not start")

    def _environment(self) -> dict[str, str]:
        return {**self.world.environment, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(self._directory)}

    def execute(self, *command: str, status: int = 0) -> str:
        """What a program prints, on both streams where it fails."""
        done = subprocess.run(
            [*self.world.prefix, sys.executable, "-m", "converters", "exec", "--port", self.port, "--", *command],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stdout + done.stderr

    def python(self, code: str) -> Any:
        """What a Python program prints as JSON."""
        return json.loads(self.execute(sys.executable, "-c", textwrap.dedent(code)))

    def in_app(self, code: str) -> Any:
        """What code returns that runs, as the body of an async function, inside a served app."""
        body = textwrap.indent(textwrap.dedent(code), "    ")
        answer = self.python(f"import json, fal_client; print(json.dumps(fal_client.run('local/caller', {{'code': {body!r}}})))")
        assert "error" not in answer, answer
        return answer["answer"]

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.stderr is not None
        self.process.stderr.read()
        self.process.stderr.close()
        self.process.wait(30)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with outside.world(tmp_path_factory.mktemp("outside")) as world:
        yield world


@pytest.fixture(scope="session")
def running(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(world, tmp_path_factory.mktemp("project"))
    yield running
    running.stop()


@pytest.fixture
def fal(running: Running) -> Iterator[Running]:
    """The runtime; the test fails where something reached the outside meanwhile."""
    before = len(running.world.seen())
    yield running
    assert running.world.seen()[before:] == []
