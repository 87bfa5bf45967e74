"""A Cog predictor under Replicate's real server, without Docker: the server of the release of Cog that the interpreter has.

Known servers (read in the sources of the releases named): 0.0.20, Flask, ``/predict`` with a form; 0.8.0 to 0.16.12, FastAPI, which
reads ``cog.yaml``; since 0.17, coglet, which is told the predictor in a variable and checks inputs only with a build's schema file.
"""

from __future__ import annotations

import contextlib
import json
import mimetypes
import re
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from converters.ir import App
from converters.sources.replicate.release import VERSION
from converters.verify.client import BoundedClient
from converters.verify.data_uris import contents, is_data
from converters.verify.interpreter import Interpreter
from converters.verify.observe import Observation
from converters.verify.outcome import File, Outcome, Side, SideFailed
from converters.verify.runner import Runner, Sources
from converters.verify.source import Process, Staged, at_a_time, free_port, last_words, running
from fal_runtime.confinement import Support

START_SECONDS = 40
_CANNOT = (409, 502, 503, 504)
"""What it answers when it cannot answer, now or ever again."""
_CRASHED = "Worker crashed"
"""What Cog's server says of a predictor whose process ended."""
_UNKNOWN = ((0, 1), (0, 8))
"""Releases from the first on and before the second have another server still, whose state nobody can ask for."""
_HOST = (0, 9, 10)
"""Since when the server can be told the address at which it listens; the 0.10 line, which branched off before, cannot."""
_SCHEMA = (0, 17)
"""Since when the server checks inputs only with the schema file of a build."""

_WITHOUT_COGLET = (
    "import runpy, sys; sys.modules['coglet'] = None; runpy.run_module('cog.server.http', run_name='__main__', alter_sys=True)"
)
"""The server of a release before it was coglet: 0.16 takes any coglet that it can import, as that of the environment that we run in."""

_WORDS = re.compile(
    r"((P|Async p)rediction failed|Training failed|(G|Async g)enerator iteration error|Failed to process output( item)?"
    r"|[\w.]*(Error|Exception|Exit|Interrupt|Timeout|Warning)): "
)
"""What coglet 0.23 puts before an exception's message."""
_CLASS = re.compile(r"[A-Za-z_][\w.]*: ")


class Predictor:
    """The source side of a Cog project."""

    def __init__(self, url: str, process: Process, observation: Observation, *, train: bool, seconds: float) -> None:
        self._client = BoundedClient(seconds, url)
        self._process, self._observation = process, observation
        self._renewing = threading.Lock()
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
        with self._renewing:  # once for all that are asked at the same time
            if self._process.ended:
                self._observation.begin(0)
                self._process.start()
                self.wait()
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
        if response.status_code in _CANNOT:
            self._process.stop()
            return Outcome("silence", response.text)
        if response.status_code != 200:
            return Outcome("refused", response.text)
        found: dict[str, Any] = response.json()
        if found.get("error") == _CRASHED:
            self._process.stop()  # it would refuse whatever comes next; fal starts a fresh runner
            return Outcome("silence", _CRASHED)
        chunks = tuple(contents(found["output"])) if stream and isinstance(found.get("output"), list) else None
        if found["status"] != "succeeded":
            return Outcome("error", _message(found.get("error", "")), chunks)  # what was streamed before is not told
        if missing := self._observation.missing(number):
            return Outcome("error", f"File {missing} does not exist", chunks)  # the server lets it succeed, without the file
        return Outcome("result", None if stream else contents(found.get("output")), chunks)

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def document(self) -> Any:
        """The OpenAPI document that the server answers; None where it has none (since 0.17 it comes with the schema file)."""
        try:
            response = self._client.get("/openapi.json")
            return response.json() if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class Decorated:
    """The source side of a project of 2021, whose inputs are decorators: files are uploaded, and the answer is a file, a text or JSON."""

    def __init__(self, url: str, process: Process, observation: Observation, files: Collection[str], seconds: float) -> None:
        self._client = BoundedClient(seconds, url)
        self._process, self._observation, self._files = process, observation, files

    def wait(self) -> None:
        """Wait until the server answers, which it does once ``setup()`` is done. Raises SideFailed where it does not."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(httpx.HTTPError):
                self._client.get("/ping")
                return
            if self._process.ended or time.monotonic() > deadline:
                raise SideFailed(self._process.last_words())
            time.sleep(0.05)

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        self._observation.begin(number)
        given = {name: value for name, value in body.items() if value is not None}  # a form has no null
        files = {name: upload(value) for name, value in given.items() if name in self._files and is_data(value)}
        data = {name: _in_form(value) for name, value in given.items() if name not in files}
        try:
            response = self._client.post("/predict", data=data, files=files)
        except httpx.TimeoutException:
            return Outcome("silence", "no answer in time")
        except httpx.HTTPError as error:
            return Outcome("silence", str(error))
        if response.status_code == 400:
            return Outcome("refused", response.json()["message"])
        if response.is_error:
            return Outcome("error", response.json()["error"])
        kind = response.headers.get("content-type", "").partition(";")[0]
        if "etag" in response.headers:  # Flask's send_file
            return Outcome("result", File(response.content, kind))
        return Outcome("result", response.json() if kind == "application/json" else response.text)

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def upload(value: str) -> tuple[str, bytes, str]:
    """A data URL as a form's file: its name, which is what later releases of Cog call it, content and media type."""
    found = contents(value)
    return f"file{mimetypes.guess_extension(found.media_type) or ''}", found.data, found.media_type


def _in_form(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def reads_schema(interpreter: Interpreter) -> bool:
    """Whether the server checks inputs by Cog's schema file alone; an older one does by itself."""
    return interpreter.release("cog") >= _SCHEMA


def required(schema: Path, otherwise: list[str]) -> list[str]:
    """The inputs that the server demands by Cog's schema file: those with ``default=None`` too, where their type does not allow null."""
    found: list[str] = json.loads(schema.read_text()).get("components", {}).get("schemas", {}).get("Input", {}).get("required", otherwise)
    return found


def _message(error: Any) -> Any:
    """The exception's own message, which the server says after words of its own and the exception's class."""
    said = ""
    while isinstance(error, str) and (found := _WORDS.match(error)):
        error, said = error[found.end() :], found.group()
    if said.endswith(" failed: ") and (found := _CLASS.match(error)):  # an exception that is not called Error
        error = error[found.end() :]
    return error


def server(release: tuple[int, ...], *, trains: bool) -> list[str]:
    """What Python is told to run the server of a release."""
    tells_host = release >= _HOST and release[:2] != (0, 10)
    return [
        *(("-m", "cog.server.http") if release >= _SCHEMA else ("-c", _WITHOUT_COGLET)),
        *(["--host", "127.0.0.1"] if tells_host else []),
        *(["--x-mode", "train"] if trains else []),
    ]


@contextlib.contextmanager
def serve(
    staged: Staged,
    app: App,
    observation: Observation,
    secrets: dict[str, str],
    interpreter: Interpreter,
    *,
    configuration: bytes,
    confinement: Support,
    seconds: float,
    schema: Path | None = None,
) -> Iterator[Side]:
    """Run the real server while the ``with`` block runs.

    ``configuration``: the project's cog.yaml; ``schema``: what Cog's build writes for the server. Raises SideFailed.
    """
    predictor = app.predictor
    assert predictor is not None
    release = interpreter.release("cog")
    if _UNKNOWN[0] <= release < _UNKNOWN[1]:
        raise SideFailed(f"cog {interpreter.releases['cog']} cannot be run here: give it an environment with cog 0.0.x, or 0.8 or newer")
    folder = staged.root / staged.workdir.lstrip("/")
    if not reads_schema(interpreter):
        (folder / "cog.yaml").write_bytes(configuration)
    elif schema is not None:
        (folder / ".cog").mkdir(parents=True, exist_ok=True)
        shutil.copy(schema, folder / ".cog" / "openapi_schema.json")
    port = free_port()
    reference = f"{Path(predictor.file).name}:{predictor.name}"
    environment = {"COG_TRAIN_TYPE_STUB" if predictor.trains else "COG_PREDICT_TYPE_STUB": reference, "PORT": str(port), **secrets}
    if at_a_time(app) > 1:
        environment["COG_MAX_CONCURRENCY"] = str(at_a_time(app))  # as a build does
    decorated = release < _UNKNOWN[0]
    argv = ["-m", "_fal_migrate_cog_2021", str(port)] if decorated else server(release, trains=predictor.trains)
    program = [str(interpreter.executable), *argv]
    process = Process(staged, program, observation, environment, interpreter=interpreter, confinement=confinement)
    url = f"http://127.0.0.1:{port}"
    files = [field.name for field in app.endpoints[0].input.fields if field.media]
    side = (
        Decorated(url, process, observation, files, seconds)
        if decorated
        else Predictor(url, process, observation, train=predictor.trains, seconds=seconds)
    )
    with running(process, side):
        yield side


class CogRunner(Runner):
    """A predictor under the server of the release of Cog that the interpreter has."""

    is_closed = True
    link = "data"

    def serve(
        self, sources: Sources, observation: Observation, *, confinement: Support, seconds: float
    ) -> contextlib.AbstractContextManager[Side]:
        """Run Cog's server with the predictor. Raises SideFailed."""
        return serve(
            sources.staged,
            sources.app,
            observation,
            sources.secrets,
            sources.interpreter,
            configuration=_configuration(sources),
            confinement=confinement,
            seconds=seconds,
            schema=sources.schema,
        )

    def document(self, side: Side) -> Any:
        """What the server answers at /openapi.json; the one of 2021 has none."""
        return side.document() if isinstance(side, Predictor) else None

    def says_null(self, interpreter: Interpreter) -> bool:
        return reads_schema(interpreter)

    def is_unchecked(self, interpreter: Interpreter, schema: Path | None) -> bool:
        """Newer servers check inputs only with the schema of a build."""
        return schema is None and reads_schema(interpreter)

    def required(self, interpreter: Interpreter, schema: Path | None, otherwise: Sequence[str]) -> list[str]:
        if schema is None or not reads_schema(interpreter):
            return list(otherwise)
        return required(schema, list(otherwise))

    def written_release(self, interpreter: Interpreter) -> tuple[str, str] | None:
        here = interpreter.releases.get("cog", "")
        return (here, VERSION) if here else None


def _configuration(sources: Sources) -> bytes:
    """The cog.yaml of the predictor: the nearest to its file."""
    assert sources.app.predictor is not None
    folders = [str(folder) for folder in PurePosixPath(sources.app.predictor.file).parents]
    found = [f"{folder}/cog.yaml" if folder != "." else "cog.yaml" for folder in folders]
    return next((sources.project.files[path].data for path in found if path in sources.project.files), b"")
