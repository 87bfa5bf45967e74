"""The converted server under ``fal_runtime``: asked as its source where fal passes requests on, else at the endpoints of its proxy."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from converters.ir import App
from converters.targets.json_models import Models
from converters.targets.proxy import listens
from converters.targets.proxy_endpoints import MEDIA, operations
from converters.verify.observe import Observation
from converters.verify.outcome import File, Outcome
from converters.verify.target import OF_THE_PLATFORM, START_SECONDS, Place, Target
from fal_runtime.testing import Local

from .exchange import exchanged, without_origins
from .operations import Call, Operation


class ServerTarget(Target):
    """The target side of a server."""

    def __init__(self, local: Local, app: App, observation: Observation, seconds: float, place: Place) -> None:
        super().__init__(local, app, observation, seconds, place)
        assert app.server is not None
        self._endpoints = endpoints(app) if app.target == "app" else None
        own = {app.server.port, listens(app)[0]}
        hosts = [f"{host}:{port}" for port in own for host in ("127.0.0.1", "localhost", "0.0.0.0")]
        self.origins = [urllib.parse.urlsplit(local.url).netloc, *hosts]

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        assert isinstance(body, Call)
        if self._starting:
            self._await_runner()
        self.observation.begin(number)
        outcome, headers = exchanged(self.client, self._call(body), self.local.app_url(self.place.name))
        if self._endpoints is not None:
            outcome = self._unboxed(replace(outcome, headers=_without_origin(outcome.headers)))
        if OF_THE_PLATFORM in headers:
            outcome = Outcome("silence", outcome.value)
        ended = outcome.kind == "silence" or outcome.status == 503 or self.observation.stops(number)
        self._starting = START_SECONDS if ended else 0.0
        if self._starting:
            self.observation.begin(0)  # what a fresh runner does while it starts belongs to no request
        return replace(without_origins(outcome, self.origins), identifiers=(headers.get("x-fal-request-id", identifier),))

    def _call(self, call: Call) -> Call:
        """What is asked of the app: where it is a proxy, one of its endpoints with all fields as its input."""
        if self._endpoints is None:
            return call
        body = call.body
        if isinstance(body, dict) and call.operation.in_header:  # an input has the name of its header in lower case
            body = {name.lower() if name in call.operation.in_header else name: value for name, value in body.items()}
        return Call(Operation(method="POST", path=self._endpoints[str(call.operation)].path, media="json"), body)

    def _await_runner(self) -> None:
        """Wait for the runner that takes the place of one that fal has ended."""
        path = (self.app.server.health_path if self.app.server is not None and self._endpoints is None else None) or "/health"
        self.client.get(self.local.app_url(self.place.name, path), timeout=START_SECONDS)

    def _unboxed(self, outcome: Outcome) -> Outcome:
        """The answer without what a proxy makes of it: media as a file with one key, paths as files; and what its own schema refuses."""
        detail = outcome.value.get("detail") if isinstance(outcome.value, dict) else None
        if outcome.status == 422 and isinstance(detail, list) and all(isinstance(row, dict) and "loc" in row for row in detail):
            return replace(outcome, kind="refused")
        value = self.files(outcome.value)
        if outcome.status == 200 and isinstance(value, dict) and len(value) == 1:
            kind, file = next(iter(value.items()))
            if kind in MEDIA and isinstance(file, File):
                return replace(outcome, value=file, boxed=True)
        return replace(outcome, value=value)


def _without_origin(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The headers without what fal's own server adds to each answer of an app: ``vary: Origin``."""
    kept = [name for name in str(headers.get("vary", "")).split(", ") if name not in ("", "Origin")]
    return {**{name: value for name, value in headers.items() if name != "vary"}, **({"vary": ", ".join(kept)} if kept else {})}


@dataclass(frozen=True)
class Endpoint:
    """Of a proxy: its path, and the headers of the server's request that are inputs of it, in lower case."""

    path: str
    headers: frozenset[str] = frozenset()


def endpoints(app: App) -> Mapping[str, Endpoint]:
    """Of a proxy: the endpoint that stands for each operation of the server."""
    assert app.server is not None
    document = app.server.document or {}
    components = (document.get("components") or {}).get("schemas") or {}
    found = operations(document, Models(components, taken={app.class_name}))
    return {f"{one.method} {one.target}": Endpoint(one.path, frozenset(one.headers)) for one in found}
