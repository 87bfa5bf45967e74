"""The smallest value that one schema accepts and another refuses: found, or shown not to exist, or neither is claimed."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from converters.verify.schemas import subsumption
from converters.verify.schemas.dialect import plain
from converters.verify.schemas.subsumption import NotProven, Outside, each_outside, first_outside, misfit

Schema = dict[str, Any]
STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}


def thing(required: tuple[str, ...] = (), **fields: Any) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required)}


@pytest.mark.parametrize(
    ("inner", "outer", "smallest"),
    [
        pytest.param(INTEGER, STRING, 0, id="another type"),
        pytest.param({"type": ["string", "null"]}, STRING, None, id="one type more"),
        pytest.param({"type": "number"}, INTEGER, 0.1, id="a number that is not whole"),
        pytest.param({}, STRING, 0, id="everything"),
        pytest.param(True, STRING, 0, id="true"),
        pytest.param({"enum": ["a", "b", "c"]}, {"enum": ["a", "c"]}, "b", id="a choice less"),
        pytest.param({"enum": [1, 2]}, {"const": 1}, 2, id="one choice"),
        pytest.param(STRING, {"enum": ["", "a"]}, "b", id="any text against choices"),
        pytest.param({"enum": [0, False]}, {"enum": [0]}, False, id="false is not zero"),
        pytest.param({**INTEGER, "minimum": 0}, {**INTEGER, "minimum": 1}, 0, id="a higher minimum"),
        pytest.param({**INTEGER, "maximum": 100}, {**INTEGER, "maximum": 50}, 51, id="a lower maximum"),
        pytest.param({**INTEGER, "minimum": -9}, {**INTEGER, "minimum": -3}, -4, id="a higher negative minimum"),
        pytest.param({"type": "number", "maximum": 1}, {"type": "number", "exclusiveMaximum": 1}, 1, id="an exclusive maximum"),
        pytest.param(
            {"type": "number", "minimum": 0, "maximum": 1}, {"type": "number", "minimum": 0.5, "maximum": 1}, 0, id="a range of numbers"
        ),
        pytest.param({"type": "number", "exclusiveMinimum": 0, "maximum": 0.3}, {"type": "number", "minimum": 0.2}, 0.1, id="a fraction"),
        pytest.param(INTEGER, {**INTEGER, "multipleOf": 8}, 1, id="only multiples"),
        pytest.param({**INTEGER, "multipleOf": 4}, {**INTEGER, "multipleOf": 6}, 4, id="multiples of another"),
        pytest.param({**INTEGER, "minimum": 5, "exclusiveMinimum": True}, {**INTEGER, "minimum": 7}, 6, id="draft 4's exclusive minimum"),
        pytest.param(STRING, {**STRING, "minLength": 1}, "", id="an empty text"),
        pytest.param({**STRING, "maxLength": 5}, {**STRING, "maxLength": 3}, "aaaa", id="a longer text"),
        pytest.param(STRING, {**STRING, "pattern": "^[a-z]+$"}, "", id="a pattern"),
        pytest.param({**STRING, "pattern": "^ab+$"}, {**STRING, "maxLength": 3}, "abbb", id="a text with a pattern"),
        pytest.param({"type": "array"}, {"type": "array", "items": STRING}, [0], id="items of any type"),
        pytest.param({"type": "array", "items": STRING}, {"type": "array", "items": STRING, "minItems": 1}, [], id="no items"),
        pytest.param({"type": "array", "items": INTEGER}, {"type": "array", "maxItems": 2}, [0, 0, 0], id="more items"),
        pytest.param({"type": "array", "items": INTEGER}, {"type": "array", "uniqueItems": True}, [0, 0], id="items twice"),
        pytest.param(
            {"type": "array", "prefixItems": [STRING, INTEGER], "minItems": 2}, {"type": "array", "items": STRING}, ["", 0], id="a tuple"
        ),
        pytest.param({"items": [STRING, STRING], "additionalItems": False, "type": "array"}, {"maxItems": 1}, ["", ""], id="draft 7's tuple"),
        pytest.param(thing(a=STRING), thing(("a",), a=STRING), {}, id="a key that became required"),
        pytest.param(thing(("a",), a=STRING, b=INTEGER), thing(a=STRING, b=STRING), {"a": "", "b": 0}, id="another type of a key"),
        pytest.param(thing(("a",), a=STRING), {**thing(), "additionalProperties": False}, {"a": ""}, id="no other keys"),
        pytest.param({"type": "object"}, {"type": "object", "additionalProperties": STRING}, {"a": 0}, id="values of other keys"),
        pytest.param({"type": "object"}, {"type": "object", "minProperties": 2}, {}, id="too few keys"),
        pytest.param(thing(("a", "b"), a=STRING, b=STRING), {"maxProperties": 1}, {"a": "", "b": ""}, id="too many keys"),
        pytest.param(thing(("a",), a={**STRING, "nullable": True}), thing(a=STRING), {"a": None}, id="OpenAPI's null"),
        pytest.param({"anyOf": [STRING, INTEGER]}, STRING, 0, id="one of several"),
        pytest.param({"allOf": [STRING, {"minLength": 2}]}, {"minLength": 3}, "aa", id="all of several"),
        pytest.param({"anyOf": [STRING, {"enum": ["a"]}]}, {"oneOf": [STRING, {"enum": ["a"]}]}, "a", id="exactly one of several"),
        pytest.param(STRING, {"not": {"maxLength": 1}}, "", id="not"),
        pytest.param(thing(("a",), a=thing(("b",), b={})), thing(a=thing(b=STRING)), {"a": {"b": 0}}, id="deep inside"),
    ],
)  # fmt: skip
def test_the_smallest_value_outside(inner: Any, outer: Any, smallest: Any) -> None:
    found = first_outside(inner, outer)
    assert isinstance(found, Outside), found
    assert (json.dumps(found.value), type(found.value)) == (json.dumps(smallest), type(smallest))


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        pytest.param(INTEGER, {"type": "number"}, id="a whole number is a number"),
        pytest.param(STRING, {}, id="everything is accepted"),
        pytest.param({"not": {}}, STRING, id="nothing is sent"),
        pytest.param({"enum": ["a"]}, {"enum": ["a", "b"], "type": "string"}, id="a choice more"),
        pytest.param({"const": 1}, {"enum": [1.0]}, id="one is 1.0"),
        pytest.param({**INTEGER, "exclusiveMinimum": 0}, {**INTEGER, "minimum": 1}, id="above zero is from one on"),
        pytest.param({**INTEGER, "multipleOf": 6}, {**INTEGER, "multipleOf": 3}, id="a multiple of a multiple"),
        pytest.param({**INTEGER, "minimum": 1, "maximum": 3}, {"enum": [1, 2, 3]}, id="a range that is listed"),
        pytest.param({**INTEGER, "maximum": 9223372036854776000}, {**INTEGER, "maximum": 2**63 - 1}, id="a bound that JSON writers round"),
        pytest.param({"type": "boolean"}, {"enum": [True, False]}, id="true or false"),
        pytest.param({**STRING, "format": "uri", "title": "X", "default": "a"}, STRING, id="words about it"),
        pytest.param({**STRING, "pattern": "a+"}, {**STRING, "pattern": "a+"}, id="the same pattern"),
        pytest.param({**INTEGER, "nullable": True}, {"anyOf": [INTEGER, NULL]}, id="null in two dialects"),
        pytest.param({"type": ["integer", "string"]}, {"anyOf": [STRING, INTEGER]}, id="types as a list"),
        pytest.param({"allOf": [{"$ref": "#/$defs/M"}], "$defs": {"M": {"enum": ["a"]}}}, {"enum": ["a"]}, id="a reference"),
        pytest.param({"$ref": "#/components/schemas/M", "components": {"schemas": {"M": STRING}}}, STRING, id="OpenAPI's reference"),
        pytest.param(thing(("a",), a=STRING), thing(a=STRING), id="required became optional"),
        pytest.param(thing(a=STRING), thing(a=STRING, b={}), id="a key more of which nothing is said"),
        pytest.param(
            {**thing(a=STRING), "propertyNames": {"maxLength": 3}},
            {"propertyNames": {"maxLength": 3}},
            id="the same keyword that is not solved for",
        ),
        pytest.param({"type": "array", "prefixItems": [STRING], "items": False}, {"items": STRING, "maxItems": 1}, id="a tuple of one"),
        pytest.param(thing(("a",), a=False), STRING, id="a key that can have no value"),
    ],
)
def test_everything_is_accepted(inner: Any, outer: Any) -> None:
    assert first_outside(inner, outer) is None


@pytest.mark.parametrize(
    ("inner", "outer", "why"),
    [
        pytest.param({**STRING, "pattern": "^ab$"}, {**STRING, "pattern": "^a"}, "which texts match ^ab$", id="two patterns"),
        pytest.param({"type": "object"}, {"dependentRequired": {"a": ["b"]}}, "keywords that are not solved for", id="not solved for"),
        pytest.param({"$ref": "#/$defs/N"}, STRING, "N", id="a reference to nothing"),
        pytest.param({"$ref": "https://example.com/x.json"}, STRING, "not of this document", id="a reference to elsewhere"),
        pytest.param({"type": "text"}, STRING, "no JSON Schema", id="no schema"),
        pytest.param({**INTEGER, "maximum": float("inf")}, STRING, "inf is no number", id="no number"),
        pytest.param({"$id": "x"}, STRING, "$id is not understood", id="another base of references"),
        pytest.param({**STRING, "pattern": "("}, {**STRING, "maxLength": 0}, "(", id="a broken pattern"),
    ],
)  # fmt: skip
def test_nothing_is_claimed_where_nothing_is_known(inner: Any, outer: Any, why: str) -> None:
    found = first_outside(inner, outer)
    assert isinstance(found, NotProven) and why in found.why


def chain(**value: Any) -> Schema:
    node = thing(("value",), value={**INTEGER, **value}, next={"anyOf": [{"$ref": "#/$defs/Node"}, NULL]})
    return {"$ref": "#/$defs/Node", "$defs": {"Node": node}}


def test_recursive_schemas_come_to_an_end() -> None:
    assert first_outside(chain(), chain()) is None
    assert first_outside(chain(maximum=5), chain()) is None
    found = first_outside(chain(), chain(maximum=5))
    assert isinstance(found, Outside) and (found.value, found.path) == ({"value": 6}, "$.value")


def test_a_value_below_the_first_level_of_a_recursive_schema_is_found() -> None:
    flat = thing(("value",), value=INTEGER, next={"anyOf": [thing(("value",), value=INTEGER, next=NULL), NULL]})
    found = first_outside(chain(), flat)
    assert isinstance(found, Outside)
    assert found.value == {"value": 0, "next": {"value": 0, "next": {"value": 0}}}


def test_alternatives_that_are_told_by_a_key() -> None:
    def alternatives(*least: int) -> Schema:
        return {"anyOf": [thing(("kind", "x"), kind={"const": f"k{at}"}, x={**INTEGER, "minimum": each}) for at, each in enumerate(least)]}

    assert first_outside(alternatives(*range(10)), {"title": "the same", **alternatives(*range(10))}) is None
    found = first_outside(alternatives(0, 1, 2, 3), alternatives(0, 1, 5, 3))
    assert isinstance(found, Outside) and found.value == {"kind": "k2", "x": 2}


def test_too_many_cases_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subsumption, "_STEPS", 300)
    wide = {"oneOf": [thing(**{f"f{key}": {**INTEGER, "minimum": (at + key) % 7} for key in range(8)}) for at in range(12)]}
    assert first_outside(wide, {"title": "the same", **wide}) == NotProven("there are too many cases")


def test_each_field_has_its_own_smallest_value() -> None:
    inner = thing(("a",), a=STRING, b=INTEGER, c=STRING, d={})
    outer = thing(("a", "c"), a={**STRING, "minLength": 1}, b={**INTEGER, "minimum": 1}, c=STRING)
    found = list(each_outside(inner, outer))
    assert [(one.value, one.fields) for one in found if isinstance(one, Outside)] == [
        ({"a": ""}, ("c",)),
        ({"a": ""}, ("a",)),
        ({"a": "", "b": 0}, ("b",)),
    ]


def test_a_misfit_names_the_part_that_does_not_fit() -> None:
    schema = thing(("lines",), lines={"type": "array", "items": thing(number=INTEGER)})
    assert misfit({"lines": [{"number": 1}]}, schema) is None
    found = misfit({"lines": [{"number": 1}, {"number": "2"}]}, schema)
    assert found is not None and (found.part, found.path, found.why) == ("2", "$.lines[1].number", "'2' is not of type 'integer'")


class Mode(str, Enum):
    FAST = "fast"
    SLOW = "slow"


class Box(BaseModel):
    name: str = Field(min_length=1)
    inside: list[Box] = []


class Before(BaseModel):
    prompt: str
    steps: int = Field(default=20, ge=1, le=100)
    mode: Mode = Mode.FAST
    seed: int | None = None
    size: tuple[int, int] = (1, 1)
    box: Box | None = None
    weights: dict[str, float] = {}


class Same(BaseModel):
    prompt: str
    steps: int = Field(default=20, gt=0, lt=101)
    mode: Literal["fast", "slow", "slower"] = "fast"
    seed: float | None = None
    size: list[int] = Field(default=[], min_length=1)
    box: Box | None = None
    weights: dict[str, float | None] = {}
    more: Any = None


def test_real_models() -> None:
    before, same = Before.model_json_schema(), Same.model_json_schema()
    assert first_outside(before, same) is None
    found = first_outside(same, before)
    assert isinstance(found, Outside) and Before.model_json_schema() != same
    with pytest.raises(ValueError, match="validation error"):
        Before.model_validate(found.value)
    Same.model_validate(found.value)


@pytest.mark.parametrize(
    ("name", "field", "smallest"),
    [
        ("steps", (int, Field(default=20, ge=1, le=99)), {"prompt": "", "steps": 100}),
        ("mode", (Literal["fast"], "fast"), {"prompt": "", "mode": "slow"}),
        ("seed", (int, 0), {"prompt": "", "seed": None}),
        ("box", (Box, ...), {"prompt": ""}),
        ("weights", (dict[str, int], {}), {"prompt": "", "weights": {"a": 0.1}}),
        ("size", (tuple[int, int, int], ...), {"prompt": ""}),
    ],
)
def test_real_models_that_were_narrowed(name: str, field: Any, smallest: Any) -> None:
    from pydantic import create_model

    narrowed = create_model("Narrowed", __base__=Before, **{name: field})
    found = first_outside(Before.model_json_schema(), narrowed.model_json_schema())
    assert isinstance(found, Outside) and found.value == smallest
    Before.model_validate(found.value)
    with pytest.raises(ValueError, match="validation error"):
        narrowed.model_validate(found.value)


SCALARS: list[Any] = [None, True, False, 0, 1, -1, 2, 3, 0.5, 1.5, "", "a", "b", "ab", "abc"]


def few(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


def bounded(kind: str, bounds: list[Schema]) -> st.SearchStrategy[Schema]:
    return st.sampled_from(bounds).map(lambda bound: {"type": kind, **bound})


def composed(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    several = st.lists(parts, min_size=1, max_size=3)
    fields = st.dictionaries(st.sampled_from("xyz"), parts, min_size=1, max_size=2)
    return st.one_of(
        several.map(lambda some: {"anyOf": some}),
        several.map(lambda some: {"oneOf": some}),
        several.map(lambda some: {"allOf": some}),
        parts.map(lambda one: {"not": one}),
        st.builds(lambda one, bound: {"type": "array", "items": one, **bound}, parts, st.sampled_from([{}, {"minItems": 1}, {"maxItems": 1}, {"uniqueItems": True}])),
        several.map(lambda some: {"type": "array", "prefixItems": some}),
        st.builds(lambda some, count, bound: {**thing(tuple(some)[:count], **some), **bound}, fields, st.integers(0, 2), st.sampled_from([{}, {"additionalProperties": False}, {"minProperties": 1}, {"maxProperties": 1}])),
        st.builds(lambda some, one: {**thing(**some), "additionalProperties": one}, fields, parts),
    )  # fmt: skip


SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.sampled_from(
            [{}, False, {"type": "boolean"}, NULL, {"type": ["string", "null"]}, {**INTEGER, "nullable": True}, {"$ref": "#/$defs/R"}]
        ),
        few(SCALARS).map(lambda values: {"enum": values}),
        bounded("integer", [{}, {"minimum": 1}, {"maximum": 0}, {"exclusiveMinimum": 0}, {"multipleOf": 2}, {"minimum": 1, "maximum": 2}]),
        bounded("number", [{}, {"minimum": 0}, {"exclusiveMaximum": 2}, {"multipleOf": 0.5}]),
        bounded("string", [{}, {"minLength": 1}, {"maxLength": 1}, {"minLength": 1, "maxLength": 2}]),
    ),
    composed,
    max_leaves=6,
)
ROOTS = st.builds(
    lambda schema, shared: {"allOf": [schema], "$defs": {"R": shared}},
    SCHEMAS,
    st.builds(lambda field: thing(x=field, y={"$ref": "#/$defs/R"}), st.sampled_from([STRING, INTEGER])),
)
VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from("xyza"), parts, max_size=2),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(ROOTS, ROOTS, st.lists(VALUES, min_size=80, max_size=80))
def test_what_is_said_of_any_two_schemas_is_true(inner: Schema, outer: Schema, values: list[Any]) -> None:
    found = first_outside(inner, outer)
    accepts, allows = (Draft202012Validator(plain(schema, "#")).is_valid for schema in (inner, outer))
    if isinstance(found, Outside):
        assert accepts(found.value) and not allows(found.value)
    elif found is None:
        assert all(allows(value) for value in values if accepts(value))


@settings(max_examples=60, deadline=None)
@given(ROOTS, ROOTS)
def test_a_schema_is_within_itself_and_within_what_adds_to_it(one: Schema, other: Schema) -> None:
    wider = {"anyOf": [one["allOf"][0], other["allOf"][0]], "$defs": one["$defs"]}
    assert not isinstance(first_outside(one, one), Outside)
    assert not isinstance(first_outside(one, wider), Outside)
