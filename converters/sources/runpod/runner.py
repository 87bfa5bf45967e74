"""A RunPod worker under the real SDK in production mode: it fetches its jobs from a control plane of ours, and posts results to it.

The SDK's own loop runs (``RUNPOD_WEBHOOK_GET_JOB`` is set), so what is compared is what production would get, not what the SDK's
local test server makes of it (the two differ for error lists, empty results and generators).
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any

from converters.verify.interpreter import Interpreter
from converters.verify.observe import Observation
from converters.verify.outcome import File, LocalPath, Outcome, Side, SideFailed
from converters.verify.runner import Runner, Sources
from converters.verify.source import Process, Staged, running
from fal_runtime.confinement import Support

START_SECONDS = 40
_POLL_SECONDS = 0.5


class Plane:
    """What RunPod's API does for one worker."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.taken = threading.Event()
        self._done: dict[str, queue.Queue[dict[str, Any]]] = {}
        self._streams: dict[str, list[Any]] = {}
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = urllib.parse.urlsplit(self.path).path
                if path.startswith(("/job-take/", "/job-take-batch/")):
                    plane.taken.set()
                    try:
                        job = plane.jobs.get(timeout=_POLL_SECONDS)
                    except queue.Empty:
                        return self._answer(204, None)
                    return self._answer(200, [job] if "batch" in path else job)
                if path.startswith("/job-stop/"):
                    threading.Event().wait(_POLL_SECONDS)
                    return self._answer(204, None)
                return self._answer(200, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urllib.parse.urlsplit(self.path).path.split("/")
                document = json.loads(body or b"{}")
                if parts[1] == "stream":
                    plane._streams.setdefault(parts[2], []).append(document.get("output"))
                elif parts[1] == "done" and document.get("status") != "IN_PROGRESS":
                    plane._done.setdefault(parts[2], queue.Queue()).put(document)
                self._answer(200, {})

            def _answer(self, status: int, document: Any) -> None:
                data = b"" if document is None else json.dumps(document).encode()
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                return None

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                return None  # a worker that is stopped leaves its connections

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="runpod-plane", daemon=True).start()

    def environment(self) -> dict[str, str]:
        """What a RunPod worker finds in its environment."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{url}/job-take/$ID?gpu=double",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{url}/done/$ID?gpu=double",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{url}/stream/$ID?gpu=double",
            "RUNPOD_WEBHOOK_PING": f"{url}/ping/$RUNPOD_POD_ID",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
            "RUNPOD_LOG_LEVEL": "ERROR",
            "RUNPOD_ENDPOINT_ID": "double",
            "RUNPOD_POD_ID": "double",
        }

    def result(self, identifier: str, seconds: float) -> dict[str, Any] | None:
        """What was posted for a job; None where nothing was in time."""
        try:
            return self._done.setdefault(identifier, queue.Queue()).get(timeout=seconds)
        except queue.Empty:
            return None

    def stream(self, identifier: str) -> tuple[Any, ...]:
        """The values that were streamed for a job."""
        return tuple(self._streams.get(identifier, ()))

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class Worker:
    """The source side of a RunPod project."""

    def __init__(self, process: Process, plane: Plane, observation: Observation, envelope: Sequence[str], seconds: float) -> None:
        self._process, self._plane, self._observation, self._seconds = process, plane, observation, seconds
        self._envelope = envelope
        self._stopping = False
        self._renewing = threading.Lock()

    def wait(self) -> None:
        """Wait until the worker asks for its first job. Raises SideFailed where it does not."""
        for _ in range(int(START_SECONDS / 0.1)):
            if self._plane.taken.wait(0.1):
                return
            if self._process.ended:
                raise SideFailed(self._process.last_words())
        raise SideFailed(f"no job was asked for within {START_SECONDS} s: {self._process.last_words()}")

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        with self._renewing:  # once for all that are asked at the same time
            if self._stopping:
                self._process.stop()  # as the platform does: the SDK itself goes on
                self._stopping = False
            if self._process.ended:
                self._restart()
        self._observation.begin(number)
        self._plane.jobs.put(self._job(identifier, body))
        for _ in range(int(self._seconds / 0.25)):
            found = self._plane.result(identifier, 0.25)
            if found is not None:
                return self._outcome(found, identifier, stream)
            if self._process.ended:
                found = self._plane.result(identifier, 0.05)
                return self._outcome(found, identifier, stream) if found is not None else Outcome("silence", "the worker ended")
        self._process.stop()
        return Outcome("silence", f"no result within {self._seconds:g} s")

    def _restart(self) -> None:
        """Start a fresh worker, without the jobs that the SDK still counts: a fresh container has no such file."""
        for path in self._process.folder.glob(".runpod_jobs.pkl*"):
            path.unlink()
        self._plane.taken.clear()
        self._observation.begin(0)
        self._process.start()
        self.wait()

    def _job(self, identifier: str, body: Any) -> dict[str, Any]:
        """The job as the queue sends it: what the app takes among its fields stands beside ``input`` here."""
        beside = {key: body[key] for key in self._envelope if key in body} if isinstance(body, dict) else {}
        return {"id": identifier, "input": {key: value for key, value in body.items() if key not in beside} if beside else body, **beside}

    def _outcome(self, document: dict[str, Any], identifier: str, stream: bool) -> Outcome:
        """``stream``: the caller reads the values as they come, and no result."""
        found = outcome(document, self._plane.stream(identifier))
        self._stopping = found.stops
        if stream and found.kind == "result":
            return replace(found, value=None)
        return replace(found, value=self._with_files(found.value)) if found.kind == "result" else found

    def _with_files(self, value: Any) -> Any:
        """The result with the files that its paths name."""
        if isinstance(value, str) and value.startswith("/") and len(value) < 500:
            data = self._process.file(value)
            return value if data is None else LocalPath(value, File(data))
        if isinstance(value, dict):
            return {key: self._with_files(item) for key, item in value.items()}
        return [self._with_files(item) for item in value] if isinstance(value, list) else value

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def close(self) -> None:
        """Stop answering the worker."""
        self._plane.close()


@contextlib.contextmanager
def serve(
    staged: Staged,
    observation: Observation,
    secrets: dict[str, str],
    interpreter: Interpreter,
    *,
    envelope: Sequence[str] = (),
    start_command: Sequence[str] = (),
    confinement: Support,
    seconds: float,
) -> Iterator[Worker]:
    """Run the worker while the ``with`` block runs, after what its container starts before it. Raises SideFailed."""
    if start_command:
        _stand_in_for(start_command, staged, observation, interpreter=interpreter, confinement=confinement)
    argv = [str(interpreter.executable), "-u", *(["-m", staged.module] if staged.module else [staged.entry]), *staged.arguments]
    if not confinement.private and not staged.module:
        argv[2] = str(staged.root) + staged.entry
    plane = Plane()
    process = Process(staged, argv, observation, {**plane.environment(), **secrets}, interpreter=interpreter, confinement=confinement)
    with running(process, Worker(process, plane, observation, envelope, seconds)) as worker:
        yield worker


def _stand_in_for(command: Sequence[str], staged: Staged, observation: Observation, **confined: Any) -> None:
    """Have the doubles record a start command, ``bash FILE ...`` or ``bash -c TEXT``: what it launches is part of the image.

    Raises SideFailed where they cannot.
    """
    shell, first, *rest = command
    words = [shell, first if first.startswith("-") else f"/{PurePosixPath(first).name}", *rest]
    program = [str(confined["interpreter"].executable), "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *words]
    process = Process(replace(staged, environment={}), program, observation, {}, **confined)
    try:
        process.start()
        if process.exit_code(START_SECONDS) != 0:
            raise SideFailed(f"its start command cannot be recorded: {process.last_words()}")
    finally:
        process.stop()


def outcome(document: dict[str, Any], chunks: tuple[Any, ...]) -> Outcome:
    """What a posted result means: ``error`` marks a job as failed, ``stopPod`` asks for a fresh worker."""
    stops = bool(document.get("stopPod"))
    if "error" in document:
        told = message(document["error"])
        return Outcome("error", told, chunks, stops, answered=told == document["error"])
    return Outcome("result", document.get("output", {} if "output" not in document else None), chunks, stops)


def message(error: Any) -> Any:
    """The message of an exception, which the SDK posts as a JSON document with its type and traceback."""
    if not isinstance(error, str):
        return error
    try:
        document = json.loads(error)
    except ValueError:
        return error.partition(" \ntraceback:")[0].removeprefix("handler: ") if " \ntraceback:" in error else error
    return str(document["error_message"]) if isinstance(document, dict) and "error_message" in document else error


class WorkerRunner(Runner):
    """A worker under the real SDK, which gets its jobs from a control plane of ours."""

    def serve(
        self, sources: Sources, observation: Observation, *, confinement: Support, seconds: float
    ) -> contextlib.AbstractContextManager[Side]:
        """Run the worker, after what its container starts before it. Raises SideFailed."""
        return serve(
            sources.staged,
            observation,
            sources.secrets,
            sources.interpreter,
            envelope=sources.app.envelope,
            start_command=sources.app.start_command,
            confinement=confinement,
            seconds=seconds,
        )
