"""Demands on one value, split into cases: what is left in each is about the bounds of one JSON type.

A demand is a goal: a schema that must hold, or must not. A schema that holds is the conjunction of its keywords; one that does not is
broken at one keyword, which makes a case for each. The goals of one case contradict each other or are met by the same value.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

from .dialect import Schema

Kind = Literal["null", "boolean", "number", "string", "array", "object"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_BOUNDS: dict[Kind, tuple[str, ...]] = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern"),
    "array": ("prefixItems", "items", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties"),
}
_OPAQUE: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "array": (("contains", "minContains", "maxContains"), ("unevaluatedItems",)),
    "object": (("propertyNames",), ("dependentRequired",), ("dependentSchemas",)),
}
"""Keywords that are not solved for: a value is made without them, and counts only if a validator says that it meets them."""


class Goal(NamedTuple):
    """``text``: the schema as JSON with sorted keys."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Case:
    """What is demanded of a value of one type."""

    kind: Kind
    bounds: tuple[Schema, ...] = ()
    """Schemas of which the keywords of this type hold."""
    broken: tuple[tuple[str, Schema], ...] = ()
    """Keywords that do not hold, each with its schema."""
    values: tuple[Any, ...] | None = None
    """The only values that it can be."""
    excluded: tuple[Any, ...] = ()


def goal(schema: Any, holds: bool) -> Goal:
    """The goal that a schema holds, or does not."""
    return Goal(json.dumps(schema, sort_keys=True), holds)


@functools.lru_cache(maxsize=10_000)
def read(text: str) -> Any:
    """The schema of a goal; nobody changes it."""
    return json.loads(text)


def cases(goals: frozenset[Goal], kind: Kind, resolve: Callable[[str], Any], spend: Callable[[], None]) -> Iterator[Case]:
    """The cases for a value of a type. ``spend`` is called for every step, and raises where there were too many."""

    def split(todo: tuple[Goal, ...], met: frozenset[Goal], case: Case) -> Iterator[Case]:
        spend()
        if not todo:
            yield case
            return
        first, rest = todo[0], todo[1:]
        if first in met:
            yield from split(rest, met, case)
        elif Goal(first.text, not first.holds) not in met:
            schema = read(first.text)
            for more, grown in _kept(schema, case, resolve) if first.holds else _refused(schema, case, resolve):
                yield from split((*more, *rest), met | {first}, grown)

    return split(tuple(sorted(goals)), frozenset(), Case(kind))


def _kept(schema: Any, case: Case, resolve: Callable[[str], Any]) -> Iterator[tuple[tuple[Goal, ...], Case]]:
    """Further goals where a schema holds: one set for each choice of `anyOf` and `oneOf`."""
    if schema is False or (isinstance(schema, dict) and "type" in schema and not _of_type(case.kind, schema["type"])):
        return
    if schema is True:
        yield (), case
        return
    more = [goal(part, True) for part in schema.get("allOf", [])]
    if "$ref" in schema:
        more.append(goal(resolve(schema["$ref"]), True))
    if "not" in schema:
        more.append(goal(schema["not"], False))
    more += [goal(part, True) for part in _opaque(schema, case.kind) if part != schema]
    bounds = {key: schema[key] for key in _BOUNDS.get(case.kind, ()) if key in schema}
    if case.kind == "number" and "type" in schema and "number" not in _types(schema["type"]):
        bounds["type"] = "integer"
    values = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else None
    grown = replace(case, bounds=(*case.bounds, bounds) if bounds else case.bounds, values=case.values if values is None else tuple(values))
    any_of = [[goal(part, True)] for part in schema.get("anyOf", [])] or [[]]
    one_of = [
        [goal(part, at == chosen) for at, part in enumerate(schema["oneOf"])] for chosen in range(len(schema.get("oneOf", [])))
    ] or [[]]  # fmt: skip
    for some, one in itertools.product(any_of, one_of):
        yield (*more, *some, *one), grown


def _refused(schema: Any, case: Case, resolve: Callable[[str], Any]) -> Iterator[tuple[tuple[Goal, ...], Case]]:
    """Further goals where a schema does not hold: one set for each keyword that can be broken."""
    if schema is False or (isinstance(schema, dict) and "type" in schema and not _of_type(case.kind, schema["type"])):
        yield (), case
        return
    if schema is True:
        return
    if case.kind == "number" and "type" in schema and "number" not in _types(schema["type"]):
        yield (), replace(case, broken=(*case.broken, ("type", schema)))
    for key in _BOUNDS.get(case.kind, ()):
        if key in schema:
            yield (), replace(case, broken=(*case.broken, (key, schema)))
    for key in ("enum", "const"):
        if key in schema:
            values = schema["enum"] if key == "enum" else [schema["const"]]
            yield (), replace(case, excluded=(*case.excluded, *values))
    if "$ref" in schema:
        yield (goal(resolve(schema["$ref"]), False),), case
    if "not" in schema:
        yield (goal(schema["not"], True),), case
    for part in schema.get("allOf", []):
        yield (goal(part, False),), case
    if "anyOf" in schema:
        yield tuple(goal(part, False) for part in schema["anyOf"]), case
    if "oneOf" in schema:
        yield tuple(goal(part, False) for part in schema["oneOf"]), case
        for one, other in itertools.combinations(schema["oneOf"], 2):
            yield (goal(one, True), goal(other, True)), case
    for part in _opaque(schema, case.kind):
        yield (() if part == schema else (goal(part, False),)), case


def _opaque(schema: Schema, kind: Kind) -> list[Schema]:
    """The keywords of a schema that are not solved for, each with those that it depends on: a schema that is one is a goal by itself."""
    groups = (("if", "then", "else"), *_OPAQUE.get(kind, ()))
    return [{key: schema[key] for key in group if key in schema} for group in groups if group[0] in schema]


def _types(kinds: Any) -> list[str]:
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _of_type(kind: Kind, kinds: Any) -> bool:
    return kind in _types(kinds) or (kind == "number" and "integer" in _types(kinds))
