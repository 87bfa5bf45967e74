"""The converted project under ``fal_runtime``, with the same doubles as its source."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

import fal_runtime
from converters.ir import App
from fal_runtime.errors import RuntimeFailure
from fal_runtime.testing import Local

from .client import BoundedClient
from .observe import HOOK, Observation
from .outcome import File, Outcome, SideFailed
from .source import end_all

START_SECONDS = 40
_GONE = (502, 503, 504)
"""What the platform itself answers when a runner dies or does not answer; converted apps never do."""


class Target:
    """The target side: one app of a fal project."""

    def __init__(self, local: Local, app: App, observation: Observation, seconds: float) -> None:
        self.local, self.app, self.observation = local, app, observation
        self.client = BoundedClient(seconds)
        self.seconds, self._starting = seconds, 0.0

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        self.observation.begin(number)
        url = self.local.app_url(self.app.name, self._path(stream).rstrip("/"))
        try:
            response = self.client.post(url, json=body, timeout=self.seconds + self._starting)
        except httpx.TimeoutException:
            self._starting = START_SECONDS  # a fresh runner is needed, as the source gets a fresh worker
            return Outcome("silence", "no answer in time")
        except httpx.HTTPError as error:
            return Outcome("silence", str(error))
        self._starting = 0.0
        stops = self.observation.stops(number)
        if stops:
            self._starting = START_SECONDS
        return replace(self._outcome(response, stream, stops), identifiers=(response.headers.get("x-fal-request-id", identifier),))

    def _outcome(self, response: httpx.Response, stream: bool, stops: bool) -> Outcome:
        if response.status_code in _GONE:
            return Outcome("silence", response.text)
        if response.is_error:
            return failure(response, stops)
        if stream:
            return self._streamed(response, stops)
        return Outcome("result", self._fetched(_decoded(response), self.app.endpoints[0].output.wrap), None, stops)

    def calls(self, number: int) -> list[str]:
        return self.observation.calls(number)

    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of the endpoint's body, from the OpenAPI document that the app itself answers."""
        return published(self._document, self._path(stream=False))[0]

    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of the endpoint's answer, from the same document."""
        return published(self._document, self._path(stream=False))[1]

    def streams(self) -> bool:
        """Whether the app answers the same input as a stream too."""
        return self._path(stream=True) in self._document["paths"]

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = self.client.get(self.local.app_url(self.app.name, "/openapi.json")).json()
        return document

    def close(self) -> None:
        """Close the connections; the app goes on."""
        self.client.close()

    def _path(self, stream: bool) -> str:
        path = self.app.endpoints[0].path
        return f"{path.rstrip('/')}/stream" if stream else path

    def _fetched(self, value: Any, wrap: str) -> Any:
        """The answer with the contents of its files, and without the key that the conversion put around a bare value."""
        if wrap and isinstance(value, dict) and set(value) == {wrap}:
            value = value[wrap]
        return self.files(value)

    def _streamed(self, response: httpx.Response, stops: bool) -> Outcome:
        """The events of a stream; the last one of a stream that failed is ``{"error": ...}``."""
        lines = (line[5:] for line in response.text.splitlines() if line.startswith("data:"))
        events = [json.loads(line) for line in lines if line.strip() != "[DONE]"]
        last = events[-1] if events else None
        if isinstance(last, dict) and set(last) == {"error"}:
            return Outcome("error", last["error"], tuple(self.files(events[:-1])), stops)
        return Outcome("result", None, tuple(self.files(events)), stops)

    def files(self, value: Any) -> Any:
        """An answer with the contents of the files that the app uploaded; an address elsewhere is a value like others."""
        if isinstance(value, dict):
            url = value.get("url")
            if isinstance(url, str) and "content_type" in value and self.local.keeps(url):
                with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):  # it may be made up all the same
                    return File(self.local.fetch(url), str(value["content_type"] or ""))
            return {key: self.files(item) for key, item in value.items()}
        return [self.files(item) for item in value] if isinstance(value, list) else value


def published(document: dict[str, Any], path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an app's OpenAPI document says that an endpoint takes and answers, each with the schemas that it refers to."""
    operation = document["paths"].get(path, {}).get("post", {})
    schemas = document.get("components", {}).get("schemas", {})

    def schema_of(message: dict[str, Any]) -> dict[str, Any]:
        schema = message.get("content", {}).get("application/json", {}).get("schema", {})
        return {**schemas.get(str(schema.get("$ref", "")).rpartition("/")[2], schema), "components": {"schemas": schemas}}

    return schema_of(operation.get("requestBody", {})), schema_of(operation.get("responses", {}).get("200", {}))


def _decoded(response: httpx.Response) -> Any:
    if response.headers.get("content-type", "").startswith("application/json"):
        return response.json()
    return File(response.content, response.headers.get("content-type", ""))


def failure(response: httpx.Response, stops: bool) -> Outcome:
    """What an error says: ``refused`` where the input's schema refuses."""
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return Outcome("error", response.text, None, stops)
    by_schema = response.status_code == 422 and isinstance(detail, list) and all(isinstance(row, dict) and "loc" in row for row in detail)
    return Outcome("refused" if by_schema else "error", detail, None, stops)


@contextlib.contextmanager
def serve(
    project: Path, app: App, observation: Observation, secrets: Mapping[str, str], *, seconds: float, kind: type[Target] = Target
) -> Iterator[Target]:
    """Run the converted project while the ``with`` block runs. Raises SideFailed where it does not start."""
    with contextlib.ExitStack() as stack:
        late = threading.Event()
        try:
            environment = observation.environment(secrets)
            exposed = {name: environment[name] for name in secrets}
            serving = fal_runtime.serve(
                project,
                only=[app.name],
                secrets=exposed,
                variables=environment,
                readable=[HOOK.parent],
                writable=[observation.folder],
                intercept=False,
            )
            with _ended_after(START_SECONDS, observation.folder, late):
                local = stack.enter_context(serving)
        except RuntimeFailure as failure:
            raise SideFailed(f"it is not ready within {START_SECONDS} s" if late.is_set() else str(failure)) from failure
        target = kind(local, app, observation, seconds)
        stack.callback(target.close)
        yield target


@contextlib.contextmanager
def _ended_after(seconds: float, folder: Path, late: threading.Event) -> Iterator[None]:
    """Where the block takes longer, set ``late`` and end the processes that load and run the app, but not the one that forks them."""
    started = threading.Event()

    def watch() -> None:
        pause = seconds
        while not started.wait(pause):
            late.set()
            end_all(folder, spared=os.getpid())
            pause = 0.5

    threading.Thread(target=watch, name="target-start", daemon=True).start()
    try:
        yield
    finally:
        started.set()
