"""Starts an app in its image, as fal's runner does, and waits until it is ready."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fal_runtime
from fal_runtime import image as images
from fal_runtime.spec import HealthCheck, Spec

from .apps import App
from .engines import Engine, Mount, Process, Running
from .places import frame_place, place, settings_place
from .recipe import DUMMY, Recipe, dummy
from .result import Failure, Stage, tail
from .uploads import SOCKET, uploader

INSIDE, TOLD = "/.rehearsal/app", "/.rehearsal/told"
"""Where the app's process finds what fal hands to it, and where it tells how far it is."""
OUTWARD = "10.88.0.1"
"""The address of the runner from outside: a server that listens on loopback alone is not reached there."""
_FILES = ("__init__.py", "_inside.py", "_sdk.py", "_serving.py", "locations.py", "_hook/__init__.py", "_hook/sitecustomize.py")
_PART = re.compile(r'[ |+]*(?:File "|\+-|(?:Exception Group )?Traceback )')
"""The first line of a frame, or of a traceback."""
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_RAISED = re.compile(r"ERROR: |(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\b|\S*: .*(?:not found|No such file or directory)$")
"""A line that says why a program ended."""
_BOOT = f"import sys; sys.path[0] = '{INSIDE}/code'; from fal_runtime import _inside; sys.path[:] = sys.path[1:]; _inside.main()"


class StartFailure(Exception):
    """The app is not ready."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.why)
        self.failure = failure


@dataclass
class Runner:
    """An app that was started: its process, the port and address on which it is asked, and the events that it has told."""

    app: App
    running: Running
    port: int
    address: str
    told: Path

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of the answer. Raises OSError."""
        connection = _Connection(self, seconds)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def read_events(self) -> list[dict[str, Any]]:
        """What the process has told by now."""
        return read_events(self.told)

    def failed(self) -> dict[str, Any] | None:
        """The first failure that the process has told."""
        return next((event for event in self.read_events() if event["event"] == "failed"), None)


class _Connection(http.client.HTTPConnection):
    """A connection to a port inside of the app's namespaces."""

    def __init__(self, runner: Runner, seconds: float) -> None:
        super().__init__("127.0.0.1", runner.port, timeout=seconds)
        self._runner, self._seconds = runner, seconds

    def connect(self) -> None:
        self.sock: socket.socket = self._runner.running.connect(self._runner.port, self._runner.address, self._seconds)
        self.sock.settimeout(self._seconds)


def read_events(told: Path) -> list[dict[str, Any]]:
    """The events that a process in an image has written by now."""
    lines = told.read_text(errors="replace").splitlines() if told.exists() else []
    return [event for event in map(_event, lines) if event]


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else {}


def lay_out(folder: Path, payload: Path | None, command: Mapping[str, Any]) -> Path:
    """The folder that a process in an image is given: fal_runtime's part for it, the pickle and the command."""
    package = folder / "code" / "fal_runtime"
    for name in _FILES:
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(fal_runtime.__file__).parent / name, target)
    if payload is not None:
        shutil.copy2(payload, folder / "app.pickle")
    (folder / "command.json").write_text(json.dumps(command))
    return folder


def argv(python: str) -> tuple[str, ...]:
    """The command line of a process in an image that does what the command says."""
    return (python, "-c", _BOOT, f"{INSIDE}/command.json", f"{TOLD}/events")


def mounts(folder: Path, told: Path) -> list[Mount]:
    told.mkdir(parents=True, exist_ok=True)
    told.chmod(0o777)
    return [Mount(folder, INSIDE), Mount(told, TOLD, writable=True)]


@contextmanager
def started(app: App, recipe: Recipe, engine: Engine, image: str, payload: Path | None, folder: Path, seconds: float) -> Iterator[Runner]:
    """The app's process, ready to be asked, while the block runs. Raises StartFailure."""
    told, data = folder / "told", folder / "data"
    for place_of in (told, data):
        place_of.mkdir(parents=True, exist_ok=True)
        place_of.chmod(0o777)  # the image may name a user of its own
    process = process_of(app, recipe, payload, folder, data, variables(app.described.spec))
    with uploader(told, folder / "uploads"):
        yield from _started(app, engine.run(image, process), told, seconds)


def _started(app: App, running: Running, told: Path, seconds: float) -> Iterator[Runner]:
    spec = app.described.spec
    address = OUTWARD if spec.brings_server else "127.0.0.1"
    runner = Runner(app, running, spec.exposed_port or 8080, address, told / "events")
    try:
        _wait(runner, seconds)
        yield runner
    finally:
        running.kill()


def process_of(
    app: App,
    recipe: Recipe,
    payload: Path | None,
    folder: Path,
    data: Path,
    environment: Mapping[str, str],
    *,
    ports: tuple[int, int] | None = None,
    origin: tuple[str, int] | None = None,
) -> Process:
    """The process of an app in its image: ``folder`` is what it is given and where it tells how far it is, below ``told``.

    ``ports`` are those of an app that the SDK serves, ``origin`` the (host, port) of a gateway whose files it may read.
    """
    spec = app.described.spec
    shared = [Mount(data, "/data", writable=True)]
    memory = recipe.build.memory
    if recipe.kind == "server":
        image = spec.image or {}
        program, words = (images.override(image.get(name)) for name in ("entrypoint", "cmd"))
        return Process(entrypoint=program, cmd=words, environment=environment, mounts=shared, memory=memory)
    command = {
        "op": "run",
        "entry_point": spec.entry_point,
        "payload": f"{INSIDE}/app.pickle",
        "ports": None if spec.brings_server else list(ports or (spec.exposed_port or 8080, 9090)),
        "origin": origin,
        "path": list(recipe.path) + (["/app"] if spec.entry_point and spec.app_files else []),
        "roots": [str(app.project.root), "/app"],
    }
    given = lay_out(folder / "given", payload, command)
    cwd = "/app" if spec.app_files and spec.entry_point else None
    shown = [*mounts(given, folder / "told"), *shared]
    return Process(argv(recipe.python), environment=environment, mounts=shown, cwd=cwd, memory=memory)


def variables(spec: Spec, secrets: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a runner: what fal sets, and these secrets; None: a dummy for every one that the app lists."""
    if secrets is None:
        secrets = {name: dummy(name) for name in map(str, spec.settings.get("secrets") or ())}
    uploads = {"FAL_USE_LOCAL_UPLOADER": "1", "FAL_API_SOCKET": f"{TOLD}/{SOCKET}"}
    isolated = {} if spec.kind == "image" else {"IS_ISOLATE_AGENT": "1", "PYTHONUNBUFFERED": "1", **uploads}
    return {
        "FAL_APP_NAME": f"local/{spec.name}",
        "FAL_APP_ID": spec.name,
        "FAL_USER_NICKNAME": "local",
        "FAL_REGION": "us-east",
        "FAL_RUNNER_STATE": "SETUP",
        "FAL_JOB_ID": "00000000-0000-0000-0000-000000000000",
        "FAL_KEY": f"{DUMMY}:{DUMMY}",
        "HF_HOME": "/data/.cache/huggingface",
        "FAL_MIGRATE_GPUS": str(gpus(spec)),
        **isolated,
        **secrets,
    }


def gpus(spec: Spec) -> int:
    """How many GPUs the machine of an app has, as the doubles of packages say."""
    machines = spec.settings.get("machine_type") or ""
    name = machines if isinstance(machines, str) else next(iter(machines), "")
    return int(spec.settings.get("num_gpus") or 1) if name.startswith("GPU") else 0


def _wait(runner: Runner, seconds: float) -> None:
    """Until it accepts connections and its health check passes. Raises StartFailure."""
    spec = runner.app.described.spec
    limit = time.monotonic() + min(seconds, spec.limits.startup_timeout)
    last = ""
    while True:
        if (event := runner.failed()) is not None:
            _until_ended(runner)
            raise StartFailure(_told(runner, event))
        if (code := runner.running.poll()) is not None:
            raise StartFailure(_ended(runner, code))
        answered, last = _healthy(runner)
        if answered:
            return
        if time.monotonic() > limit:
            raise StartFailure(_late(runner, min(seconds, spec.limits.startup_timeout), last))
        time.sleep(0.1)


def _until_ended(runner: Runner) -> None:
    """Wait a moment for the end of a process that has failed: what it says last is printed then."""
    limit = time.monotonic() + 3
    while runner.running.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)


def _healthy(runner: Runner) -> tuple[bool, str]:
    """Whether the health check passes, and what it answers: the declared one, else any answer of the server will do."""
    spec = runner.app.described.spec
    check = spec.health_check or HealthCheck()
    try:
        status, _, body = runner.request(check.method, check.path, {"content-type": "application/json"}, b"", max(check.timeout_seconds, 5))
    except OSError as error:
        return False, f"no answer ({error})"
    healthy = status < 400 if spec.health_check else status != 502
    return healthy, f"{check.method} {check.path} answers {status} {body[:200].decode(errors='replace')}"


def _told(runner: Runner, event: Mapping[str, Any]) -> Failure:
    loading = event.get("stage") == "load"
    stage: Stage = "fal" if loading else "start"
    what = "loading the app" if loading else "setup()" if not runner.app.described.spec.brings_server else "the app's function"
    lines = [str(line) for line in event.get("traceback") or ()]
    why, where = str(event.get("message", "")), frame_place(runner.app, "\n".join(lines)) or place(event.get("where"))
    unsent = _unsent(runner.app, why)
    if unsent:
        todo = f"{unsent} is in the project and is not sent: add it to app_files."
        return Failure(stage=stage, what=what, why=why, todo=todo, place=settings_place(runner.app, "app_files"), output=tail(lines))
    return Failure(stage=stage, what=what, why=why, place=where, output=tail(lines))


def _unsent(app: App, why: str) -> str:
    """The file of the project that a missing module is, where the app sends others and not this one; ''."""
    missing = _NO_MODULE.search(why)
    if missing is None or not app.described.spec.app_files:
        return ""
    path = missing[1].replace(".", "/")
    sent = {relative for _, relative in app.described.spec.files}
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if app.project.get(name) is not None and name not in sent), "")


def _ended(runner: Runner, code: int) -> Failure:
    """The end of a process before it was ready: a line of the project where its output leads to one, else its image."""
    output = _output(runner)
    why = runner.running.exceeded or f"it ended with exit code {code} before it was ready"
    raised = next((line for line in reversed(output) if _RAISED.match(line)), "")
    where = frame_place(runner.app, "\n".join(output)) or settings_place(runner.app, "image")
    return Failure(stage="start", what=_program(runner), why=f"{why}: {raised}" if raised else why, place=where, output=output)


def _late(runner: Runner, seconds: float, last: str) -> Failure:
    """Why it is not ready: nothing listens, it listens on loopback alone, or its health check fails."""
    spec, port = runner.app.described.spec, runner.port
    if not last.startswith("no answer"):
        why, where = f"the health check still fails after {seconds:g} s: {last}", settings_place(runner.app, "health_check")
        return Failure(stage="health", what=last.partition(" answers")[0], why=why, place=where, output=_output(runner))
    if spec.brings_server and _accepts(runner, port, "127.0.0.1"):
        why, todo = f"its server listens on 127.0.0.1:{port} only, where fal does not reach it", "Let it listen on 0.0.0.0."
    else:
        why = f"nothing answers on port {port} after {seconds:g} s"
        todo = "Compare `exposed_port` with the port on which the program says that it listens." if spec.brings_server else ""
    where = settings_place(runner.app, "exposed_port")
    return Failure(stage="start", what=_program(runner), why=why, todo=todo, place=where, output=_output(runner))


def _accepts(runner: Runner, port: int, address: str) -> bool:
    try:
        runner.running.connect(port, address, 2).close()
    except OSError:
        return False
    return True


def _program(runner: Runner) -> str:
    return "the image's command" if runner.app.described.spec.kind == "image" else "the app"


def _output(runner: Runner) -> tuple[str, ...]:
    return tail(line for text in runner.running.lines() for line in unwrapped(text).splitlines())


def unwrapped(text: str) -> str:
    """A traceback, which the SDK prints as one line of JSON with the innermost frame first, as Python prints it."""
    if not text.startswith('{"traceback":'):
        return text
    try:
        lines = str(json.loads(text)["traceback"]).splitlines()
    except (ValueError, TypeError, KeyError):
        return text
    parts: list[list[str]] = []
    for line in lines:
        if not parts or _PART.match(line) or not _PART.match(parts[-1][0]):
            parts.append([])
        parts[-1].append(line)
    return "\n".join(line for part in reversed(parts) for line in part)
