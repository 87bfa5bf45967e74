"""What a caller must know when the app's input is not what the source took."""

from __future__ import annotations

from typing import Any

import pytest

from converters.verify.schema import differences

MODES = {"enum": ["a", "b"], "type": "string"}


def input_of(field: Any, *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"properties": {} if field is None else {"x": field}, "required": ["x"] if required else [], **more}


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param({"type": "string"}, {"type": "string"}, [], id="the same"),
        pytest.param({"type": "string", "description": "a"}, {"type": "string", "title": "X"}, [], id="words about it"),
        pytest.param({"type": "string"}, None, ["x: not in the app"], id="lost"),
        pytest.param(None, {"type": "string"}, ["x: only in the app"], id="new"),
        pytest.param({"type": "integer"}, {"type": "number"}, ["x: types ['integer'] became ['number']"], id="another type"),
        pytest.param({"type": "integer", "default": 4}, {"type": "integer", "default": 5}, ["x: default 4 became 5"], id="another default"),
        pytest.param({"type": "integer", "default": 4}, {"type": "integer"}, [], id="a default that is made anew is in no schema"),
        pytest.param({"type": "integer", "maximum": 9}, {"type": "integer", "maximum": 8}, ["x: maximum 9 became 8"], id="a tighter bound"),
        pytest.param({"type": "integer", "minimum": 1}, {"type": "integer"}, ["x: minimum 1 became None"], id="a lost bound"),
        pytest.param(MODES, {"enum": ["a"], "type": "string"}, ["x: choices ['a', 'b'] became ['a']"], id="a lost choice"),
        pytest.param(MODES, {"enum": ["a", "b"]}, [], id="choices have their types in themselves"),
        pytest.param({"const": "a"}, {"enum": ["a"], "type": "string"}, [], id="one choice is a constant"),
        pytest.param({"type": "string", "default": None}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, [], id="null as the default"),
        pytest.param({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, {"type": "integer", "minimum": 1}, [], id="a part"),
        pytest.param({"type": ["integer", "string"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}, [], id="types as a list"),
    ],
)
def test_fields(source: Any, target: Any, expected: list[str]) -> None:
    assert differences(input_of(source), input_of(target)) == expected


def test_required_and_optional() -> None:
    field = {"type": "string"}
    assert differences(input_of(field), input_of(field, required=True)) == ["x: required in the app"]
    assert differences(input_of(field, required=True), input_of(field)) == ["x: optional in the app"]


@pytest.mark.parametrize("place", [{"$defs": {"Mode": MODES}}, {"components": {"schemas": {"Mode": MODES}}}])
@pytest.mark.parametrize("reference", [{"$ref": "#/Mode"}, {"allOf": [{"$ref": "#/Mode"}]}])
def test_references_are_followed(place: dict[str, Any], reference: dict[str, Any]) -> None:
    assert differences(input_of(MODES), input_of(reference, **place)) == []
    assert differences(input_of({"enum": ["a"]}), input_of(reference, **place)) == ["x: choices ['a'] became ['a', 'b']"]


def test_all_fields_are_told_by_name() -> None:
    source = {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
    assert differences(source, {"properties": {"c": {}}}) == ["a: not in the app", "b: not in the app", "c: only in the app"]
