"""What a converted worker does besides answering, in a runner with fal's own SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

import fal_runtime
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from fal_runtime.testing import Local
from tests.needs import needs

needs("runpod", "fal")
pytestmark = pytest.mark.usefixtures("warm_zygotes")
WORKER = """
import atexit
import signal
import sys
from pathlib import Path

import runpod

SEEN = Path("/data/seen")
loaded = None


def note(word):
    with SEEN.open("a") as file:
        file.write(word + "\\n")


@runpod.serverless.register_fitness_check
def check():
    note("check")


def close():
    note("close")


def stop(number, frame):
    note("stop")
    sys.exit(0)


atexit.register(close)
signal.signal(signal.SIGTERM, stop)


def load_model(name):
    return str.upper if name == "upper" else str.lower


def handler(job):
    global loaded
    name = job["input"]["model"]
    if name != loaded:
        load_model(name)
        loaded = name
    note("job")
    return {"model": loaded}


runpod.serverless.start({"handler": handler})
"""
STREAM = """
import runpod


def handler(job):
    for word in job["input"]["words"]:
        if word == "bad":
            yield {"error": "no " + word}
        yield {"word": word} if word != "plain" else word


runpod.serverless.start({"handler": handler})
"""


def write(folder: Path, text: str, **options: bool) -> Path:
    """The converted project of a one-file worker called `worker`."""
    source, out = folder / "worker", folder / "out"
    source.mkdir(parents=True)
    (source / "handler.py").write_text(text)
    outcome = convert(source, Options(style="keep", **options))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted) and not outcome.ledger.open_code_items()
    for change in outcome.files:
        if change.data is not None:
            (out / change.path).parent.mkdir(parents=True, exist_ok=True)
            (out / change.path).write_bytes(change.data)
    return out


def test_the_worker_s_own_functions_are_called_in_their_time(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with fal_runtime.serve(write(tmp_path, WORKER), data=data) as local:
        answer = httpx.post(local.app_url("worker"), json={"model": "upper"}, timeout=30, trust_env=False)
        assert answer.json() == {"model": "upper"}
        assert answer.headers["x-fal-runner-hints"] == "upper"
        health = httpx.post(local.app_url("worker", "/fitness"), json={}, timeout=30, trust_env=False)
        assert health.json() == {"status": "healthy"}
    words = (data / "seen").read_text().split()
    assert words[:2] == ["check", "job"] or words[:3] == ["check", "check", "job"], words
    assert words[-2:] == ["stop", "close"]


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with fal_runtime.serve(write(tmp_path_factory.mktemp("stream"), STREAM, realtime=True)) as local:
        yield local


CHUNKS = [
    (["a", "b"], [{"word": "a"}, {"word": "b"}]),
    (["a", "plain"], [{"word": "a"}, {"output": "plain"}]),
    (["a", "bad", "b"], [{"word": "a"}, {"error": "no bad"}]),
]


@pytest.mark.parametrize(("words", "expected"), CHUNKS)
def test_what_a_handler_yields_comes_as_messages(stream: Local, words: list[str], expected: list[object]) -> None:
    import msgpack

    address = stream.app_url("worker", "/realtime").replace("http://", "ws://")
    with connect(address, proxy=None) as connection:
        connection.send(msgpack.packb({"words": words}))
        found = []
        while len(found) < len(expected):
            message = connection.recv(timeout=20)
            if isinstance(message, bytes):
                found.append(msgpack.unpackb(message))
            else:
                assert json.loads(message)["type"] != "x-fal-error", message
    assert found == expected
