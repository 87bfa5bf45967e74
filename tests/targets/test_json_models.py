"""Models from JSON Schemas: what a schema allows is accepted and passed on as it came."""

from __future__ import annotations

import keyword
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from converters.targets.json_models import Models

Pair = tuple[dict[str, Any], Any]
"""A schema and a value that it allows."""
NAMES = st.one_of(
    st.sampled_from(["prompt", "model_id", "class", "x-y", "x_y", "x.y", "1st", "schema", "Any", "copy", "json", "_a", "é", ""]),
    st.text(max_size=6),
)


def integers(bounds: tuple[int, int, int]) -> Pair:
    low, value, high = sorted(bounds)
    return {"type": "integer", "minimum": low, "maximum": high}, value


def texts(value: str) -> Pair:
    return {"type": "string", "minLength": min(1, len(value)), "maxLength": len(value)}, value


def lists(pairs: list[Pair]) -> Pair:
    return {"type": "array", "items": {"anyOf": [schema for schema, _ in pairs]} if pairs else {}}, [value for _, value in pairs]


def objects(pairs: dict[str, tuple[Pair, bool, bool]]) -> Pair:
    """Name -> (schema and value, required, given)."""
    value = {name: pair[1] for name, (pair, required, given_) in pairs.items() if required or given_}
    schema = {"type": "object", "properties": {name: pair[0] for name, (pair, _, _) in pairs.items()}}
    return {**schema, "required": [name for name, (_, required, _) in pairs.items() if required]}, value


plain = st.one_of(
    st.tuples(st.integers(-99, 99), st.integers(-99, 99), st.integers(-99, 99)).map(integers),
    st.text(max_size=5).map(texts),
    st.booleans().map(lambda value: ({"type": "boolean"}, value)),
    st.sampled_from(["a", "b"]).map(lambda value: ({"enum": ["a", "b", None]}, value)),
    st.just(({"type": ["string", "null"]}, None)),
    st.floats(-9, 9).map(lambda value: ({"type": "number"}, value)),
    st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3).map(lambda value: ({"type": "object", "additionalProperties": {"type": "integer"}}, value)),
)  # fmt: skip
pairs = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lists),
        st.dictionaries(NAMES, st.tuples(inner, st.booleans(), st.booleans()), max_size=4).map(objects),
        inner.map(lambda pair: ({"allOf": [pair[0]]}, pair[1])),
        st.tuples(inner, plain).map(lambda two: ({"oneOf": [two[1][0], two[0][0]]}, two[0][1])),
    ),
    max_leaves=8,
)


def model(schema: dict[str, Any], components: dict[str, Any]) -> type[BaseModel]:
    models = Models(components)
    last = models.render("Made", {"properties": {"value": schema}, "required": ["value"]})
    scope: dict[str, Any] = {"Any": Any, "BaseModel": BaseModel, "ConfigDict": ConfigDict, "Field": Field, "Literal": Literal}
    exec(compile("\n\n\n".join([*models.classes, last]), "models.py", "exec", dont_inherit=True), scope)
    made: type[BaseModel] = scope["Made"]
    return made


@settings(max_examples=300, deadline=None)
@given(pairs)
def test_what_the_schema_allows_is_passed_on_as_it_came(pair: Pair) -> None:
    schema, value = pair
    for used, components in ((schema, {}), ({"$ref": "#/components/schemas/Own"}, {"Own": schema})):
        made = model(used, components).model_validate({"value": value})
        assert made.model_dump(mode="json", by_alias=True, exclude_unset=True) == {"value": value}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 3}, 2),
        ({"type": "string", "maxLength": 1}, "ab"),
        ({"enum": ["a"]}, "b"),
        ({"type": "array", "items": {"type": "integer"}}, ["x"]),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, 1),
    ],
)
def test_what_the_schema_forbids_is_refused(schema: dict[str, Any], value: Any) -> None:
    with pytest.raises(ValidationError):
        model(schema, {}).model_validate({"value": value})


def test_a_schema_that_holds_itself_ends() -> None:
    tree = {
        "type": "object",
        "properties": {"leaf": {"type": "integer"}, "more": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    }
    value = {"leaf": 1, "more": [{"leaf": 2, "more": []}]}
    made = model({"$ref": "#/components/schemas/Tree"}, {"Tree": tree}).model_validate({"value": value})
    assert made.model_dump(mode="json", by_alias=True, exclude_unset=True) == {"value": value}
    assert not keyword.iskeyword(type(made).__name__)
