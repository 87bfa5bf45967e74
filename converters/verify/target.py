"""The converted project under ``fal_runtime``, with the same doubles as its source."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

import fal_runtime
from converters.ir import App
from fal_runtime.errors import LoadFailure, RuntimeFailure
from fal_runtime.testing import Local

from .client import BoundedClient
from .observe import HOOK, Observation
from .outcome import File, NotLoaded, Outcome, SideFailed
from .renaming import WHOLE, Renaming
from .source import end_all

START_SECONDS = 40
_ASKED = re.compile(r"(GET (\S+))(?: \(.*\))?", re.DOTALL)
_TRIES, _PAUSE = 20, 0.02
"""How often, and how many seconds apart, it is looked for what the app printed."""
_KILLED = re.compile(r"exit code -\d+")
"""Of a process that the system ended, as where memory was short."""
_LIBRARIES = ("site-packages/", "dist-packages/", "/lib/python", "/verify/child/", "<frozen")
_SHOWN = 7
"""Lines of a traceback."""
_HEAD = "Traceback (most recent call last):"
_GONE = (502, 503, 504)
"""What the platform itself answers when a runner dies or does not answer; converted apps never do, others where a GPU's error is raised."""
OF_THE_PLATFORM = "x-fal-error-type"
"""A header of the answers that the platform gives in the place of an app."""
_UNTOLD = "Internal Server Error"
"""What fal says of an exception that an app does not catch, whatever its message is."""


@dataclass(frozen=True)
class Place:
    """Where the app is found and what its fields are called: ``name`` of its table, and what a contract states.

    ``is_own``: it is a conversion of ours, whose endpoint is known.
    """

    name: str
    renaming: Renaming = field(default_factory=Renaming)
    is_own: bool = True

    def comparable(self, outcome: Outcome) -> Outcome:
        """What came of a request, without what fal's toolkit does in the place of the code: temporary files to and from the caller."""
        if self.is_own:
            return outcome
        return replace(outcome, effects=tuple(text for text in outcome.effects if " a temporary file" not in text))

    def comparable_calls(self, calls: list[str], body: Any) -> list[str]:
        """The calls of a request; how an address that the caller sent is asked, the toolkit decides for itself."""
        if self.is_own:
            return calls
        sent = json.dumps(body, default=str)
        asked = [(text, _ASKED.fullmatch(text)) for text in calls]
        return [found[1] if found and found[2] in sent else text for text, found in asked]

    def untold(self, source: Outcome, target: Outcome) -> frozenset[str]:
        """The paths of an outcome that fal leaves out of what it tells: the message of an exception that an app does not catch.

        Conversions tell it, since both platforms do; an app that a person wrote is none the worse for it.
        """
        both_fail = source.kind == target.kind == "error" and not source.answered
        return frozenset({"$"}) if not self.is_own and both_fail and target.value == _UNTOLD else frozenset()


class Target:
    """The target side: one app of a fal project."""

    def __init__(self, local: Local, app: App, observation: Observation, seconds: float, place: Place) -> None:
        self.local, self.app, self.observation, self.place = local, app, observation, place
        self.client = BoundedClient(seconds)
        self.seconds, self._starting = seconds, 0.0
        self._said = 0

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        self.observation.begin(number)
        self._said = len(self.local.lines)
        url = self.local.app_url(self.place.name, self._path(stream).rstrip("/"))
        try:
            response = self.client.post(url, json=self.place.renaming.asked(body), timeout=self.seconds + self._starting)
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
        if response.status_code in _GONE and (self.place.is_own or OF_THE_PLATFORM in response.headers):
            return Outcome("silence", response.text)
        if response.is_error:
            return failure(response, stops)
        if stream:
            return self._streamed(response, stops)
        return Outcome("result", self._fetched(_decoded(response)), None, stops)

    def traceback(self) -> tuple[str, ...]:
        """The last exception that the app printed since it was asked last, as it prints it: its last lines."""
        for _ in range(_TRIES):
            found = traceback_in(self.local.lines[self._said :], f"[{self.place.name}] ")
            if found:
                return found
            time.sleep(_PAUSE)  # what a runner prints comes another way than its answer
        return ()

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
        document: dict[str, Any] = self.client.get(self.local.app_url(self.place.name, "/openapi.json")).json()
        return document

    def close(self) -> None:
        """Close the connections; the app goes on."""
        self.client.close()

    def _path(self, stream: bool) -> str:
        return f"{self._endpoint.rstrip('/')}/stream" if stream else self._endpoint

    @functools.cached_property
    def _endpoint(self) -> str:
        """The path of the endpoint: as the contract states it, as the conversion has it, else the only one."""
        path = self.place.renaming.path or self.app.endpoints[0].path
        if self.place.is_own:
            return path
        found = [path for path, operations in self._document.get("paths", {}).items() if "post" in operations]
        if path not in found and len(found) == 1 and not self.place.renaming.path:
            return str(found[0])
        if path not in found:
            raise SideFailed(f"the app has no endpoint {path}, but {', '.join(found) or 'none'}: name one in a contract (--contract FILE)")
        return path

    @property
    def wrap(self) -> str:
        """The key under which the app answers what the source answers without one; '' where there is none."""
        return self.place.renaming.output.get(WHOLE, self.app.endpoints[0].output.wrap) if self.app.endpoints[0].output.wrap else ""

    def _fetched(self, value: Any) -> Any:
        """The answer with the contents of its files, and without the key that the conversion put around a bare value."""
        if self.wrap and isinstance(value, dict) and set(value) == {self.wrap}:
            return self.files(value[self.wrap])
        return self.place.renaming.answered(self.files(value))

    def _streamed(self, response: httpx.Response, stops: bool) -> Outcome:
        """The events of a stream; the last one of a stream that failed is ``{"error": ...}``."""
        lines = (line[5:] for line in response.text.splitlines() if line.startswith("data:"))
        events = [json.loads(line) for line in lines if line.strip() != "[DONE]"]
        last = events[-1] if events else None
        if isinstance(last, dict) and set(last) == {"error"}:
            return Outcome("error", last["error"], tuple(map(self._fetched_event, events[:-1])), stops)
        return Outcome("result", None, tuple(map(self._fetched_event, events)), stops)

    def _fetched_event(self, event: Any) -> Any:
        return self.place.renaming.answered(self.files(event))

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


def traceback_in(lines: Sequence[str], app: str) -> tuple[str, ...]:
    """The last traceback among lines of which each begins with the ``app`` that printed it: at most its last lines."""
    told = [line.removeprefix(app) for line in lines if line.startswith(app)]
    start = next((at for at, line in reversed(list(enumerate(told))) if line.strip().startswith("Traceback (most recent call last)")), None)
    if start is None:
        return ()
    indent = len(told[start]) - len(told[start].lstrip())
    after = (at for at, line in enumerate(told[start + 1 :], start + 1) if line.strip() and line[indent : indent + 1] not in (" ", "|"))
    end = next(after, len(told) - 1)
    head, *others = (line[indent:] for line in told[start : end + 1])
    return head, *_of_the_app(others)[-_SHOWN:]


def of_start(lines: Sequence[str], app: str) -> tuple[str, ...]:
    """The last traceback with a frame of the app's own: what ends its server has tracebacks, too."""
    starts = [at for at, line in enumerate(lines) if line.removeprefix(app).strip().endswith("Traceback (most recent call last):")]
    ends = [*starts[1:], len(lines)]
    blocks = (traceback_in([app + _HEAD, *lines[at + 1 : end]], app) for at, end in reversed([*zip(starts, ends, strict=False)]))
    return next((found for found in blocks if any(line.startswith('  File "') and "/fal_runtime/" not in line for line in found)), ())


def _of_the_app(lines: Sequence[str]) -> list[str]:
    """The lines of a traceback without marks below them, and without frames of libraries, among them the doubles."""
    found, shown = [], True
    for line in lines:
        if line.startswith('  File "'):
            shown = not any(part in line for part in _LIBRARIES)
        elif not line.startswith(" "):
            shown = True
        if shown and line.strip(" ^~|"):
            found.append(line)
    return found


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
    project: Path,
    app: App,
    observation: Observation,
    secrets: Mapping[str, str],
    *,
    seconds: float,
    kind: type[Target] = Target,
    place: Place | None = None,
) -> Iterator[Target]:
    """Run the converted project while the ``with`` block runs. Raises SideFailed where it does not start."""
    place = place or Place(app.name)
    with contextlib.ExitStack() as stack:
        late = threading.Event()
        try:
            environment = observation.environment(secrets)
            exposed = {name: environment[name] for name in secrets}
            serving = fal_runtime.serve(
                project,
                only=[place.name],
                secrets=exposed,
                variables=environment,
                readable=[HOOK.parent],
                writable=[observation.folder],
                intercept=False,
            )
            with _ended_after(START_SECONDS, observation.folder, late):
                local = stack.enter_context(serving)
        except RuntimeFailure as failure:
            why = f"it is not ready within {START_SECONDS} s" if late.is_set() else str(failure)
            if isinstance(failure, LoadFailure) and not late.is_set() and not _KILLED.search(why):
                raise NotLoaded(why) from failure
            raise SideFailed(why, of_start(failure.printed, f"[{place.name}] ")) from failure
        target = kind(local, app, observation, seconds, place)
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
