"""Serve a project inside a test: ``with fal_runtime.serve("out/") as fal: fal.run("app", {...})``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from . import project as projects
from .engine import Engine
from .errors import RuntimeFailure
from .loops import close, new_event_loop
from .server import MOST_BODY, Runtime, default_environments


class AppError(Exception):
    """An app, or the platform, answered with an error status."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.status_code} {response.text}")
        self.status = response.status_code
        self.response = response

    @property
    def detail(self) -> Any:
        """The ``detail`` of the error body, or its text."""
        try:
            return self.response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            return self.response.text


class Handle:
    """A request in the queue."""

    def __init__(self, client: httpx.Client, submitted: Mapping[str, Any]) -> None:
        self.request_id: str = submitted["request_id"]
        self._client = client
        self._submitted = submitted

    def status(self, *, logs: bool = False) -> dict[str, Any]:
        """The status document."""
        document: dict[str, Any] = self._client.get(self._submitted["status_url"], params={"logs": int(logs)}).json()
        return document

    def get(self, timeout: float = 60) -> Any:
        """Wait at most ``timeout`` seconds for the result. Raises AppError, TimeoutError."""
        deadline = time.monotonic() + timeout
        while self.status()["status"] != "COMPLETED":
            if time.monotonic() > deadline:
                raise TimeoutError(f"request {self.request_id} is not completed after {timeout:g} s")
            time.sleep(0.02)
        return _value(self._client.get(self._submitted["response_url"]))

    def cancel(self) -> str:
        """Ask to cancel; returns the platform's word for what happened."""
        return str(self._client.put(self._submitted["cancel_url"]).json()["status"])


class Local:
    """The apps that are served, and how to call them. ``lines`` are the apps' output and what a person would read."""

    def __init__(self, runtime: Runtime, lines: list[str]) -> None:
        self.lines = lines
        self._runtime = runtime
        self._client = httpx.Client(timeout=60, trust_env=False)

    @property
    def url(self) -> str:
        """``http://host:port`` of the gateway."""
        return self._runtime.url

    def app_url(self, app: str, path: str = "") -> str:
        """Where an endpoint of an app is called."""
        return f"{self.url}/{self._runtime.owner}/{app}{path}"

    def run(self, app: str, arguments: object, path: str = "", headers: Mapping[str, str] | None = None) -> Any:
        """Call an endpoint; returns the decoded JSON, or the bytes of another answer. Raises AppError."""
        return _value(self._client.post(self.app_url(app, path), json=arguments, headers=headers))

    def submit(self, app: str, arguments: object, path: str = "", headers: Mapping[str, str] | None = None, **query: str) -> Handle:
        """Put a request into the queue. Raises AppError."""
        url = f"{self.url}/queue/{self._runtime.owner}/{app}{path}"
        return Handle(self._client, _value(self._client.post(url, json=arguments, headers=headers, params=query or None)))

    def stream(self, app: str, arguments: object, path: str = "/stream") -> Iterator[Any]:
        """The events of a streaming endpoint, decoded."""
        with self._client.stream("POST", self.app_url(app, path), json=arguments) as response:
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def fetch(self, url: str) -> bytes:
        """The content of a file that an app returned."""
        return self._client.get(url).raise_for_status().content

    def keeps(self, url: str) -> bool:
        """Whether an address is that of a file which was uploaded here."""
        return url.startswith(f"{self._runtime.files_url}/")

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` with what leads a program that calls fal here, as ``migrate exec`` does; without the user's credentials."""
        interceptor = self._runtime.interceptor
        assert interceptor is not None, "it is served with intercept=False"
        return interceptor.environment(base)

    def close(self) -> None:
        """Close the connections; the apps go on."""
        self._client.close()


def _value(response: httpx.Response) -> Any:
    if response.is_error:
        raise AppError(response)
    return response.json() if response.headers.get("content-type", "").startswith("application/json") else response.content


@contextlib.contextmanager
def serve(
    path: str | Path,
    *,
    only: Sequence[str] = (),
    port: int = 0,
    owner: str = "local",
    environment: str | None = None,
    install: bool = False,
    engine: Engine | None = None,
    data: Path | None = None,
    state: Path | None = None,
    secrets: Mapping[str, str] | None = None,
    keep_warm: bool = True,
    keys: Sequence[str] = (),
    intercept: bool = True,
    max_body: int = MOST_BODY,
    variables: Mapping[str, str] | None = None,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
) -> Iterator[Local]:
    """Serve the project at ``path`` on a free port while the ``with`` block runs.

    ``only`` names the apps to serve (none: all of them). With ``install`` each app runs in a virtual environment of its own with its
    requirements, with an ``engine`` where that starts it, else in this one.
    With ``intercept`` apps reach this gateway by the platform's host names, else they have what network there is.
    ``data`` is the directory for ``/data`` (None: an empty one of its own), ``max_body`` the longest body of a request in bytes;
    the other options are those of ``Runtime``. Raises RuntimeFailure when an app does not load or start, with what a person
    would read.
    """
    lines: list[str] = []

    def say(app: str, text: str) -> None:
        lines.append(f"{app}: {text}" if app else text)

    with tempfile.TemporaryDirectory(prefix="fal-data-") as own:
        runtime = Runtime(
            projects.find(Path(path)).only(only),
            port=port,
            owner=owner,
            environment=environment,
            environments=default_environments() if install else None,
            engine=engine,
            data=data or Path(own),
            state=state,
            secrets=secrets,
            keep_warm=keep_warm,
            keys=keys,
            intercept=intercept,
            max_body=max_body,
            variables=variables,
            readable=readable,
            writable=writable,
            say=say,
            echo=lambda app, text: lines.append(f"[{app}] {text}"),
        )
        with _in_thread(runtime):
            for failure in runtime.failures.values():
                raise failure
            for application in runtime.applications.values():
                if application.failure is not None:
                    error = RuntimeFailure(f"{application.spec.name}: {application.failure.detail}")
                    error.printed = tuple(lines)
                    raise error
            with contextlib.closing(Local(runtime, lines)) as local:
                yield local


@contextlib.contextmanager
def _in_thread(runtime: Runtime) -> Iterator[None]:
    loop = new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fal-runtime", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(runtime.start(), loop).result()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(runtime.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        close(loop)
