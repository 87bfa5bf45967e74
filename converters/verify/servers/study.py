"""A study of a server: its operations are asked in turn, each with the requests that its own document calls for."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from converters.verify.certificate import Certificate
from converters.verify.observe import Observation, top_level_names
from converters.verify.outcome import Outcome, Side, SideFailed
from converters.verify.repair import repaired
from converters.verify.requests import Request, generate, varied
from converters.verify.sides import Sides
from converters.verify.study import Study
from converters.verify.target import Target
from fal_runtime.confinement import Support

from . import programs, source
from .exchange import LATE
from .operations import Call, Described, Operation, described
from .target import Endpoint, ServerTarget, endpoints

_FIRST = ("example", "plausible")
_LEAST = 2
"""How many variants an operation gets, however many there are."""


@dataclass
class ServerStudy(Study):
    """One server with its conversion, which may be an image alone, a function or a proxy."""

    target_side: ClassVar[type[Target]] = ServerTarget
    operations: dict[str, Described] = field(default_factory=dict)
    """What is asked, by method and path."""
    unasked: list[str] = field(default_factory=list)
    """What is not asked, and why."""
    doubled: bool = False

    def run(self) -> Certificate:
        """Start both sides and compare them."""
        try:
            self._image  # noqa: B018 - read before threads start: those of Python 3.11 cannot parse at the same time (gh-106905)
        except SideFailed as failure:
            return self.ended(f"the source does not start: {failure}")
        return super().run()

    def _observed(self, *, is_target: bool) -> dict[str, Any]:
        return {"real": source.REAL, "serves": True, "search": tuple(programs.places(self._image.files))}

    @functools.cached_property
    def _image(self) -> source.Image:
        return self.platform.runner().image(self.project, self.app)

    def _observation(self, folder: Path, *, is_target: bool, **more: Any) -> Observation:
        made = super()._observation(folder, is_target=is_target, **more)
        programs.install(made.programs, made.python, self._image.files)
        return made

    def _own_names(self, paths: Iterable[str]) -> frozenset[str]:
        """Of the image, which both sides have, and of the app around it: what else the repository holds is not there."""
        return top_level_names([*self._image.files, self.app.app_file])

    def _source(self, root: Path, observation: Observation, *, confinement: Support) -> contextlib.AbstractContextManager[Side]:
        options: dict[str, Any] = {"confinement": confinement, "seconds": self.settings.patience}
        return source.serve(self._image, root, self.app, observation, self._secrets, self._interpreter, **options)

    def _learn(self, sides: Sides) -> bool:
        assert isinstance(sides.source, source.Server) and self.app.server is not None
        self.doubled = sides.doubled
        document = sides.source.document() or self.app.server.document
        found = [*described(document or {}), *self._plain_pages()]
        self.unasked = [] if document else ["its operations: nothing describes them"]
        if self._is_proxy:
            self.unasked.append("what it makes of values of another type: the types of the proxy refuse them")
        self.operations = {}
        proxied = endpoints(self.app) if self._is_proxy else None
        for one in found:
            name = str(one.operation)
            if proxied is not None and name not in proxied:
                self.unasked.append(f"{name}: the proxy has no endpoint for it")
                continue
            if proxied is not None:
                one = self._as_the_proxy_takes_it(one, proxied[name])
            self.operations.setdefault(name, one)
        return False

    def _as_the_proxy_takes_it(self, one: Described, endpoint: Endpoint) -> Described:
        """The operation without headers that are no inputs of the proxy's endpoint."""
        left = [name for name in one.operation.in_header if name.lower() not in endpoint.headers]
        if left:
            self.unasked.append(f"{one.operation}: what its headers {', '.join(left)} do, which are no inputs of the proxy")
        return _without_headers(one, left) if left else one

    def _is_silent(self, outcome: Outcome) -> bool:
        return outcome.kind == "silence" and outcome.value == LATE

    @property
    def _is_proxy(self) -> bool:
        """Whether the app refuses by its own types what the server behind it would take: then the server does not hear of it."""
        return self.app.target == "app"

    def _plain_pages(self) -> list[Described]:
        """What can be asked of a server that nobody describes: its health, its document and its first page."""
        assert self.app.server is not None
        paths = dict.fromkeys(filter(None, [self.app.server.health_path, self.app.server.openapi_path, "/"]))
        return [Described(Operation(method="GET", path=path), {}) for path in paths]

    def _repaired(self, request: Request, complaint: str) -> Request | None:
        one = self.operations.get(str(request.operation))
        return repaired(request, complaint, one.schema if one is not None else {})

    def _can_be_asked(self, request: Request) -> bool:
        return all(isinstance(payload, Call) and payload.fits for payload in request.payloads)

    def _made(self) -> list[Request]:
        found = []
        for one in self.operations.values():
            closed, seed, drawn = one.operation.media == "", self.settings.seed, self.settings.drawn
            made = generate(one.schema, one.examples, closed=closed, seed=seed, drawn=drawn, literals=self._literals)
            found.append(_distinct(request.of(one.operation) for request in made if not self._is_proxy or request.kind != "mistyped"))
        first = [[request for request in made if request.kind in _FIRST] for made in found]
        later = [[request for request in made if request.kind not in _FIRST] for made in found]
        return [*_in_turn(first), *_in_turn(later)]

    def _varied(self, telling: Sequence[Request], number: int) -> Iterator[Request]:
        by_operation: dict[str, list[Any]] = {}
        for request in telling:
            by_operation.setdefault(str(request.operation), []).append(request.body)
        seed, count = self.settings.seed + number, max(self.settings.drawn // max(len(by_operation), 1), _LEAST)
        for name, bodies in by_operation.items():
            if (one := self.operations.get(name)) is not None:
                made = varied(one.schema, bodies, seed=seed, count=count, literals=self._literals)
                yield from _distinct(request.of(one.operation) for request in made)

    def _limits(self) -> list[str]:
        lost = "what it keeps in memory across an answer with which fal ends its runner: 503, or one that breaks off"
        ended = any(source.is_fatal(asked.before) for _, _, asked in self.asked)
        return [*super()._limits(), *([lost] if ended else []), *dict.fromkeys(self.unasked)]

    @property
    def _result(self) -> str:
        return super()._result if self.doubled else "a result"


def _without_headers(one: Described, headers: Sequence[str]) -> Described:
    properties = {name: value for name, value in one.schema.get("properties", {}).items() if name not in headers}
    required = [name for name in one.schema.get("required", []) if name not in headers]
    kept = tuple(name for name in one.operation.in_header if name not in headers)
    operation = one.operation.model_copy(update={"in_header": kept})
    return Described(operation, {**one.schema, "properties": properties, "required": required}, one.examples)


def _distinct(requests: Iterable[Request]) -> list[Request]:
    """The requests that can be sent, each once: what an operation does not take is in none."""
    found: dict[str, Request] = {}
    for request in requests:
        for call in request.payloads:
            if isinstance(call, Call) and call.fits:
                found.setdefault(repr(call.options()), request)
    return list(found.values())


def _in_turn(groups: list[list[Request]]) -> Iterator[Request]:
    """The first of each group, then the second of each, ..."""
    return (request for row in itertools.zip_longest(*groups) for request in row if request is not None)
