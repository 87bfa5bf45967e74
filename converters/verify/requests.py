"""Requests that both sides get: the project's own examples, plausible ones, values at the bounds, wrong ones, and drawn ones.

All are made from the JSON Schema of the converted endpoint's input, in a fixed order; drawn ones depend on the seed alone.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .literals import NONE, Literals
from .outcome import Fault
from .servers.operations import Call, Operation
from .values import HOST, OBJECT, OWN_FILE, Schema, Values

Kind = Literal["example", "plausible", "boundary", "invalid", "mistyped", "drawn", "varied", "fault", "together", "repaired", "shrunk"]
"""``invalid``: a field left out or one too many; ``mistyped``: a value outside the declared type or bounds; ``together``: several at
the same time, whose bodies are listed."""


@dataclass(frozen=True)
class Request:
    """An input, what kind of request it is, and what it is about (a field and what is special)."""

    kind: Kind
    about: str
    body: Any
    fault: Fault | None = None
    """Which call fails."""
    together: bool = False
    """Whether the body is a list of bodies that are sent at the same time."""
    operation: Operation | None = None
    """Which of a server's operations is asked."""

    @property
    def key(self) -> str:
        """The same for requests with the same operation, body and fault."""
        fault = [self.fault.call, self.fault.which] if self.fault else None
        return json.dumps([str(self.operation or ""), self.body, fault, self.together], sort_keys=True, default=str)

    @property
    def payloads(self) -> list[Any]:
        """What both sides are asked at the same time: bodies, or calls of the operation with them."""
        bodies = self.body if self.together else [self.body]
        return bodies if self.operation is None else [Call(self.operation, body) for body in bodies]

    def of(self, operation: Operation) -> Request:
        """The same request to one of a server's operations."""
        return replace(self, about=f"{operation}: {self.about}", operation=operation)


def names_own_file(request: Request) -> bool:
    """Whether a request names a file of the machine that serves, which an app must not read."""
    return OWN_FILE in json.dumps(request.body, default=str)


def generate(
    schema: Schema,
    examples: Sequence[Any] = (),
    *,
    seed: int = 0,
    drawn: int = 12,
    link: str = "url",
    files: Collection[str] = (),
    literals: Literals = NONE,
    closed: bool = False,
) -> list[Request]:
    """The requests for an endpoint whose input has this schema.

    ``files`` are the fields that take a file (others are told by their names), ``link`` says how one is sent: as ``url`` or ``data`` URL.
    ``closed``: an input without fields is one that takes nothing, not one whose fields nobody knows.
    """
    maker = _Maker(Values(schema, link, files, literals))
    found: dict[str, Request] = {}
    requests = itertools.chain(
        (Request("example", f"example {number + 1}", value) for number, value in enumerate(examples)),
        maker.plausible(closed=closed),
        maker.boundaries(),
        maker.known(),
        maker.invalid(),
        maker.drawn(seed, drawn),
        maker.mistyped(),
    )
    for request in requests:
        found.setdefault(request.key, request)
    return list(found.values())


def varied(
    schema: Schema,
    bodies: Sequence[Any],
    *,
    seed: int,
    count: int,
    link: str = "url",
    files: Collection[str] = (),
    literals: Literals = NONE,
) -> Iterator[Request]:
    """``count`` requests, each one of ``bodies`` with one or two fields changed: what was interesting once, combined with more."""
    values = Values(schema, link, files, literals)
    chance = random.Random(seed)
    usable = [body for body in bodies if isinstance(body, dict)]
    for number in range(count if usable and values.names else 0):
        body = dict(chance.choice(usable))
        for name in chance.sample(values.names, min(chance.choice((1, 2)), len(values.names))):
            body[name] = values.drawn(name, chance)
        yield Request("varied", f"seed {seed}, variant {number + 1}", body)


def smaller(body: Any) -> Iterator[Any]:
    """The body with one key or item less."""
    if isinstance(body, dict):
        for key in body:
            yield {name: value for name, value in body.items() if name != key}
        for key, value in body.items():
            for part in smaller(value):
                yield {**body, key: part}
    elif isinstance(body, list):
        for at in range(len(body)):
            yield body[:at] + body[at + 1 :]


class _Maker:
    """Makes whole requests of the values for an input's fields."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def plausible(self, *, closed: bool = False) -> Iterator[Request]:
        """What a caller would send: as little as possible, then each further field, then everything."""
        values = self._values
        for untyped, link in (
            ("a cat", None),
            (OBJECT, None),
            ("a cat", "base64"),
            (1, None),
            ([HOST + "a.png"], "data"),
        ):
            least = {name: values.value(name, untyped, link) for name in values.required}
            yield Request("plausible", "required fields", least)
            typed = {name: values.value(name, untyped, link) for name in values.names if values.is_typed(name) or name in least}
            yield Request("plausible", "all typed fields", {name: value for name, value in typed.items() if value is not None})
            for name in values.names:
                if name not in least:
                    yield Request("plausible", f"{name} added", {**least, name: values.value(name, untyped, link)})
            full = {name: values.value(name, untyped, link) for name in values.names}
            yield Request("plausible", "all fields", {name: value for name, value in full.items() if value is not None})
        if not values.names and not closed:
            yield from (Request("plausible", "free", {**OBJECT, **more}) for more in ({}, {"input": "a cat"}, {"inputs": ["a cat"]}))

    def boundaries(self) -> Iterator[Request]:
        """Each field at its bounds, with each of its choices, at length one, as another number, and null."""
        base = self._base()
        for name in self._values.names:
            for about, value in self._values.edges(name):
                yield Request("boundary", f"{name}: {about}", {**base, name: value})

    def invalid(self) -> Iterator[Request]:
        """What the source's own checks may refuse: fields left out, or one that nobody knows."""
        base = self._base()
        for name in self._values.required:
            yield Request("invalid", f"{name} left out", {key: value for key, value in base.items() if key != name})
        yield Request("invalid", "unknown field", {**base, "no_such_field": 1})
        yield Request("invalid", "nothing", {})

    def mistyped(self) -> Iterator[Request]:
        """Each field with values outside its type and bounds."""
        base = self._base()
        for name in self._values.names:
            for about, value in self._values.wrong(name):
                yield Request("mistyped", f"{name}: {about}", {**base, name: value})

    def known(self) -> Iterator[Request]:
        """Texts and numbers that the source compares with: each where it fits, and lengths around them.

        A text that the source knows leads into a branch of its own, where other texts have blanks around them.
        """
        base = self._base()
        surrounded = {name: self._values.surrounded(name) for name in self._values.required}
        for name in self._values.names:
            for about, value in self._values.known(name):
                others = surrounded if about == repr(value) else base
                yield Request("boundary", f"{name}: {about}", {**others, name: value})

    def drawn(self, seed: int, count: int) -> Iterator[Request]:
        """Requests of random fields and values within the schema."""
        chance, values = random.Random(seed), self._values
        for number in range(count if values.names else 0):
            body = {name: values.drawn(name, chance) for name in values.names if name in values.required or chance.random() < 0.5}
            yield Request("drawn", f"seed {seed}, number {number + 1}", body)

    def _base(self) -> dict[str, Any]:
        return {name: self._values.value(name) for name in self._values.required}
