"""A server of a Docker project by itself: the command that its image runs, over the files that its Dockerfile lays out.

What RUN installs must be installed here; what RUN makes is not made, on neither side.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from converters.ir import App
from converters.project import SourceFile
from converters.verify.client import BoundedClient
from converters.verify.interpreter import Interpreter
from converters.verify.observe import Observation
from converters.verify.outcome import File, LocalPath, Outcome, SideFailed
from converters.verify.source import Process, Staged, free_port, put, running
from fal_runtime import capture, own_server, ports
from fal_runtime.confinement import Support
from fal_runtime.usage import belonging

from .exchange import LATE, exchanged, without_origins
from .operations import Call

START_SECONDS = 40
_LOOK_SECONDS = 2
_YEAR_2001 = 10**9
REAL = (
    "aiohttp", "bentoml", "bottle", "cherrypy", "django", "falcon", "fastapi", "fastapi_cli", "flask", "flask_restx", "gradio",
    "gunicorn", "hypercorn", "jina", "litestar", "litserve", "molten", "multipart", "pydantic", "quart", "ray", "robyn", "sanic",
    "starlette", "streamlit", "tornado", "uvicorn", "waitress", "werkzeug",
)  # fmt: skip
"""Packages that answer requests, or say what is in them: a double of one would be another server."""


@dataclass(frozen=True)
class Image:
    """The image that was chosen for an app, as the project itself says it: its files by their paths, and what it runs."""

    files: Mapping[str, SourceFile]
    workdir: str
    environment: Mapping[str, str]
    command: Sequence[str]

    def staged(self, root: Path) -> Staged:
        """Lay the files out below ``root``, where those of each run have another age: headers that follow from it then differ."""
        for path, file in self.files.items():
            put(root, path, file.data)
        stamp = _YEAR_2001 + zlib.crc32(root.name.encode()) % 10**8
        for place in root.rglob("*"):
            os.utime(place, (stamp, stamp))
        return Staged(root, self.workdir, "", environment=dict(self.environment))


class Server:
    """The source side: a server that listens on a port of its own here, whatever port its code names."""

    def __init__(self, process: Process, app: App, observation: Observation, port: int, seconds: float) -> None:
        assert app.server is not None and app.server.port is not None
        self._process, self._server, self._observation = process, app.server, observation
        self._port, self._stated = port, app.server.port
        self._renewing, self._follow = threading.Lock(), app.target == "app"
        self._client = BoundedClient(seconds, f"http://127.0.0.1:{port}")
        self.origins = [f"{host}:{one}" for one in (port, self._stated) for host in ("127.0.0.1", "localhost", "0.0.0.0")]
        """Addresses by which it may name itself."""

    def wait(self) -> None:
        """Wait until its health path answers, or anything where none is known. Raises SideFailed where it does not in time."""
        deadline = time.monotonic() + START_SECONDS
        path, said, looked = self._server.health_path, "", time.monotonic()
        while not self._process.ended:
            if time.monotonic() - looked > _LOOK_SECONDS:
                self._require_port()
                looked = time.monotonic()
            with contextlib.suppress(httpx.HTTPError):
                status = self._client.get(path or "/").status_code
                if path is None or status < 400:
                    return
                said = f"GET {path} answers {status}"
            if time.monotonic() > deadline:
                raise SideFailed(said or f"it does not listen within {START_SECONDS} s: {self._process.last_words()}")
            time.sleep(0.05)
        raise SideFailed(self._process.last_words())

    def _require_port(self) -> None:
        """Raises SideFailed where it listens on the very port that it names, which only one process can have."""
        pid = self._process.pid
        if pid is not None and ports.is_held(self._stated, belonging(pid)):
            raise SideFailed(f"it holds port {self._stated} itself: only servers in Python can be moved to another one")

    def document(self) -> dict[str, Any] | None:
        """The OpenAPI document that it answers."""
        for path in dict.fromkeys([self._server.openapi_path or capture.PATHS[0], *capture.PATHS]):
            with contextlib.suppress(httpx.HTTPError, ValueError):
                found = self._client.get(path).json()
                if isinstance(found, dict) and str(found.get("openapi", "")).startswith("3.") and isinstance(found.get("paths"), dict):
                    return found
        return None

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        with self._renewing:  # once for all that are asked at the same time
            if self._process.ended:
                self._observation.begin(0)
                self._process.start()
                self.wait()
        self._observation.begin(number)
        assert isinstance(body, Call)
        outcome, _ = exchanged(self._client, body, "", follow=self._follow)
        if is_fatal(outcome):
            self._process.stop()  # both sides go on with a fresh server
        return without_origins(replace(outcome, value=self._with_files(outcome.value)), self.origins)

    def _with_files(self, value: Any) -> Any:
        """The answer with the files that its paths name: a typed proxy uploads them."""
        if isinstance(value, str) and value.startswith("/") and len(value) < 500 and (data := self._process.file(value)) is not None:
            return LocalPath(value, File(data))
        if isinstance(value, dict):
            return {key: self._with_files(item) for key, item in value.items()}
        return [self._with_files(item) for item in value] if isinstance(value, list) else value

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextlib.contextmanager
def serve(
    found: Image,
    root: Path,
    app: App,
    observation: Observation,
    secrets: dict[str, str],
    interpreter: Interpreter,
    *,
    confinement: Support,
    seconds: float,
) -> Iterator[Server]:
    """Run the server of an image below ``root`` while the ``with`` block runs. Raises SideFailed."""
    assert app.server is not None
    place = found.staged(root)
    if app.server.port is None:
        raise SideFailed("nothing says which port it listens on")
    port = free_port()
    own = place.environment.get("PYTHONPATH", "")
    environment = {
        "FAL_RUNTIME_BIND": f"{app.server.port}:{port}",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(own_server.HOOK), own])),
        **secrets,
    }
    _require(found.command[0], place, observation)
    process = Process(place, found.command, observation, environment, interpreter=interpreter, confinement=confinement)
    server = Server(process, app, observation, port, seconds)
    with running(process, server):
        yield server


def is_fatal(outcome: Outcome) -> bool:
    """Whether fal ends the runner of a server that answers so: with 503, or not to the end (fal documentation, "Retries")."""
    return outcome.status == 503 or (outcome.kind == "silence" and outcome.value != LATE)


def _require(program: str, place: Staged, observation: Observation) -> None:
    """Raises SideFailed where the image's program is neither among the project's files nor installed here."""
    inside = "/" in program and (place.root / str(PurePosixPath(place.workdir, program)).lstrip("/")).exists()
    if not inside and shutil.which(program, path=observation.environment(place.environment)["PATH"]) is None:
        raise SideFailed(f"{program} is not installed here")
