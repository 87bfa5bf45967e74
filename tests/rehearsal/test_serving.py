"""Apps whose runners are in images, behind the runtime's own gateway: on an engine for tests that starts them on this machine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

import fal_runtime
from converters.rehearsal.bases import Bases
from converters.rehearsal.engines import EngineFailure, UnknownBase
from converters.rehearsal.engines import Place as Line
from converters.rehearsal.engines.buildah import Buildah
from converters.rehearsal.engines.podman import Podman
from converters.rehearsal.outside.asked import Asked
from converters.rehearsal.rehearse import Settings
from converters.rehearsal.serving import Images
from fal_runtime.errors import LoadFailure, RuntimeFailure
from fal_runtime.project import read
from fal_runtime.server import Runtime
from fal_runtime.testing import AppError, Local
from tests.rehearsal.engine import LocalEngine
from tests.rehearsal.made import TABLE, project

APP = """
import os
import time
from pathlib import Path

import fal
from fal.toolkit import File
from fastapi import WebSocket
from pydantic import BaseModel


class Input(BaseModel):
    text: str


class Output(BaseModel):
    text: str
    count: int
    token: str
    key: str
    file: File


class Upper(fal.App, name="upper"):
    requirements = ["six==1.16.0"]
    machine_type = "S"
    secrets = ["TOKEN"]

    def setup(self):
        print("setting up")
        self.place = Path(os.environ["HF_HOME"])
        self.place.mkdir(parents=True, exist_ok=True)

    @fal.endpoint("/")
    def run(self, input: Input) -> Output:
        print(f"working on {input.text}", flush=True)
        time.sleep(0.5)  # the line takes another way than the answer
        if input.text == "crash":
            os._exit(3)
        with (self.place / "log").open("a") as log:
            log.write(input.text)
        count = len((self.place / "log").read_text())
        file = File.from_bytes(input.text.upper().encode(), file_name="upper.txt")
        return Output(text=input.text.upper(), count=count, token=os.environ.get("TOKEN", "none"), key=os.environ["FAL_KEY"], file=file)

    @fal.endpoint("/echo", is_websocket=True)
    async def echo(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text((await socket.receive_text()).upper())
        await socket.close()
"""
DOCKERFILE = "FROM python:3.11-slim\nCOPY server.py /app/\n"
SERVER = """
import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['TOKEN']} {self.path}".encode())

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("listening on", server.server_port, flush=True)
server.serve_forever()
"""


class Nothing:
    """A double of the internet that nobody asks."""

    def expect(self, *texts: str) -> None:
        pass

    def locked(self, files: object) -> dict[str, bytes]:
        return {}

    def record(self) -> list[Asked]:
        return [Asked("e.com", "https://e.com/model.bin", "doubled", "")]


Make = Callable[..., Any]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path / "engine")
    (tmp_path / "engine" / "image").mkdir(parents=True)
    yield made
    left = [one for one in made.started if one.poll() is None]
    for one in left:
        one.kill()
    assert not left, "a runner outlives the runtime"


def images(engine: LocalEngine) -> Images:
    return Images(engine, Nothing(), Settings())


def worker(folder: Path) -> Path:
    return project(folder / "project", {"app.py": APP, "pyproject.toml": TABLE})


def answers(fal: Local) -> list[Any]:
    """What callers see of an app: direct and queued results, files, a websocket, the log of a request."""
    first, queued = fal.run("upper", {"text": "lamp"}), fal.submit("upper", {"text": "sea"})
    second = queued.get()
    texts = [fal.fetch(one.pop("file")["url"]) for one in (first, second)]
    with connect(f"{fal.url.replace('http', 'ws')}/local/upper/echo") as socket:
        socket.send("over a socket")
        said = socket.recv()
    logs = [line["message"] for line in queued.status(logs=True)["logs"] if not line["message"].startswith("INFO: ")]
    return [first, second, texts, said, logs]


@pytest.mark.whole
def test_an_app_answers_in_its_image_as_it_does_as_a_process(engine: LocalEngine, tmp_path: Path) -> None:
    path, secrets = worker(tmp_path), {"TOKEN": "mine", "OTHER": "not listed"}
    with fal_runtime.serve(path, secrets=secrets) as fal:
        expected = answers(fal)
    with fal_runtime.serve(path, secrets=secrets, engine=images(engine), data=tmp_path / "data") as fal:
        assert answers(fal) == expected
        assert fal.keeps(fal.run("upper", {"text": "x"})["file"]["url"])
    assert expected[0] == {"text": "LAMP", "count": 4, "token": "mine", "key": "local:local"}
    assert expected[2:] == [[b"LAMP", b"SEA"], "OVER A SOCKET", ["working on sea"]]
    assert (tmp_path / "data" / ".cache" / "huggingface" / "log").read_text() == "lampseax"
    assert "OTHER" not in engine.processes[0].environment


@pytest.mark.whole
def test_what_is_not_real_is_said_and_each_runner_is_a_process_of_its_own(engine: LocalEngine, tmp_path: Path) -> None:
    with fal_runtime.serve(worker(tmp_path), engine=images(engine), secrets={"TOKEN": "t"}) as fal:
        assert fal.run("upper", {"text": "a"})["text"] == "A"
        with pytest.raises(AppError):
            fal.run("upper", {"text": "crash"})
        assert fal.run("upper", {"text": "b"})["text"] == "B"
        ended = "upper: the runner ended by itself with exit code 3; a new one starts when it is needed"
        limit = time.monotonic() + 60
        while ended not in fal.lines:
            assert time.monotonic() < limit
            time.sleep(0.05)
        said = "\n".join(fal.lines)
    assert "python:3.11 is stood in for by this machine" in said
    assert "[upper] setting up" in said
    assert len(engine.processes) == 2 and len(engine.builds) == 1
    jobs = {process.environment["FAL_JOB_ID"] for process in engine.processes}
    assert len(jobs) == 2


def server(folder: Path) -> Path:
    table = """[tool.fal.apps.words]
auth = "public"
exposed_port = 7001

[tool.fal.apps.words.image]
dockerfile = "Dockerfile"
entrypoint = ["python", "server.py"]
"""
    return project(folder / "project", {"Dockerfile": DOCKERFILE, "server.py": SERVER, "pyproject.toml": table})


def test_a_server_is_started_by_its_own_command(engine: LocalEngine, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("converters.rehearsal.serving.OUTWARD", "127.0.0.1")
    (tmp_path / "engine" / "image" / "server.py").write_text(SERVER)
    with fal_runtime.serve(server(tmp_path), engine=images(engine), secrets={"TOKEN": "t"}) as fal:
        assert fal.fetch(fal.app_url("words", "/index?x=1")) == b"t /index?x=1"
        assert any(line.startswith("[words] listening on") for line in fal.lines)


def test_a_step_that_fails_is_told_with_its_line(engine: LocalEngine, tmp_path: Path) -> None:
    engine.fails["COPY server.py"] = ["first", "no such file or directory"]
    with (
        pytest.raises(LoadFailure, match=r"words: Dockerfile:2: COPY server.py /app/: no such file") as failure,
        fal_runtime.serve(server(tmp_path), engine=images(engine)),
    ):
        pass
    assert "Dockerfile:2" in str(failure.value)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (UnknownBase("acme/x:1", Line("Dockerfile", 1), "it is in no table"), "acme/x:1 is not known .* --base acme/x:1=bookworm"),
        (EngineFailure("no room"), "local cannot do it: no room"),
    ],
)
def test_an_image_that_cannot_be_had_is_no_app(error: Exception, why: str, engine: LocalEngine, tmp_path: Path, monkeypatch: Any) -> None:
    def build(*_: object) -> None:
        raise error

    monkeypatch.setattr(engine, "build", build)
    with pytest.raises(LoadFailure, match=why), fal_runtime.serve(worker(tmp_path), engine=images(engine)):
        pass


def test_a_runner_that_cannot_be_started_is_told(engine: LocalEngine, tmp_path: Path, monkeypatch: Any) -> None:
    def run(*_: object) -> None:
        raise EngineFailure("the store is locked")

    monkeypatch.setattr(engine, "run", run)
    with (
        pytest.raises(RuntimeFailure, match="local cannot start it: the store is locked"),
        fal_runtime.serve(worker(tmp_path), engine=images(engine)),
    ):
        pass


@pytest.mark.whole
def test_a_setup_that_fails_is_told_as_of_a_process(engine: LocalEngine, tmp_path: Path) -> None:
    path = worker(tmp_path)
    (path / "app.py").write_text(APP.replace('print("setting up")', "import missing_module"))
    with (
        pytest.raises(RuntimeFailure, match=r"No module named 'missing_module' \(app.py:\d+\)"),
        fal_runtime.serve(path, engine=images(engine)),
    ):
        pass


def test_a_build_that_nobody_waits_for_any_more_is_stopped(engine: LocalEngine, tmp_path: Path, monkeypatch: Any) -> None:
    began, stopped = threading.Event(), threading.Event()

    def build(*_: object) -> None:
        began.set()
        assert stopped.wait(60)
        raise EngineFailure("it was stopped")

    monkeypatch.setattr(engine, "build", build)
    monkeypatch.setattr(engine, "stop", stopped.set)

    async def interrupted() -> None:
        runtime = Runtime(read(worker(tmp_path)), port=0, data=tmp_path, engine=images(engine))
        starting = asyncio.ensure_future(runtime.start())
        await asyncio.to_thread(began.wait, 60)
        starting.cancel()
        await asyncio.wait([starting])

    asyncio.run(interrupted())
    assert began.is_set() and stopped.is_set()


@pytest.mark.parametrize("kind", [Buildah, Podman])
def test_an_engine_that_was_stopped_starts_nothing_more(kind: type[Buildah] | type[Podman], tmp_path: Path) -> None:
    stopped = kind(tmp_path / "engine", None, Bases(tmp_path))
    stopped.stop()
    begin = stopped.room if isinstance(stopped, Buildah) else stopped.network
    with pytest.raises(EngineFailure, match="it was stopped"):
        begin().__enter__()


@pytest.mark.whole
def test_runners_end_with_the_runtime_by_a_signal_that_they_can_answer(engine: LocalEngine, tmp_path: Path) -> None:
    path, mark = worker(tmp_path), tmp_path / "torn-down"
    down = f"    def teardown(self):\n        Path({str(mark)!r}).write_text('down')\n\n    @fal.endpoint(\"/\")"
    (path / "app.py").write_text(APP.replace('    @fal.endpoint("/")', down))
    with fal_runtime.serve(path, engine=images(engine), secrets={"TOKEN": "t"}) as fal:
        fal.run("upper", {"text": "a"})
    limit = time.monotonic() + 10
    while any(one.poll() is None for one in engine.started) and time.monotonic() < limit:
        time.sleep(0.05)
    assert mark.read_text() == "down"
