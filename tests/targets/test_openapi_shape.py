"""OpenAPI documents whose parts are not of the types that the specification gives them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from converters.targets.json_models import Models
from converters.targets.openapi_shape import schema, well_formed
from converters.targets.proxy_endpoints import operations

RIGHT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/a/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {"$ref": "#/components/parameters/Trace"},
            ],
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
        }
    },
    "components": {
        "schemas": {"Body": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}},
        "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
    },
}
ODD = (None, True, 3, 1.5, "text", [], [1], ["x"], {}, {"a": 1}, {"a": {}}, [[]], [{}], {"": None})


def test_a_right_document_stays_as_it_is() -> None:
    made = well_formed(RIGHT)
    assert made["components"] == RIGHT["components"]
    (body,) = [one.json for one in operations(made, Models(made["components"]["schemas"]))]
    assert body == "fields"


@pytest.mark.parametrize(
    "path",
    [
        ("paths",),
        ("paths", "/a/{id}"),
        ("paths", "/a/{id}", "parameters"),
        ("paths", "/a/{id}", "parameters", 0),
        ("paths", "/a/{id}", "parameters", 0, "schema"),
        ("paths", "/a/{id}", "parameters", 0, "in"),
        ("paths", "/a/{id}", "parameters", 0, "name"),
        ("paths", "/a/{id}", "post"),
        ("paths", "/a/{id}", "post", "requestBody"),
        ("paths", "/a/{id}", "post", "requestBody", "content"),
        ("paths", "/a/{id}", "post", "requestBody", "content", "application/json"),
        ("paths", "/a/{id}", "post", "requestBody", "content", "application/json", "schema"),
        ("paths", "/a/{id}", "post", "responses"),
        ("paths", "/a/{id}", "post", "responses", "200"),
        ("paths", "/a/{id}", "post", "responses", "200", "content"),
        ("paths", "/a/{id}", "post", "responses", "200", "content", "application/json"),
        ("components",),
        ("components", "schemas"),
        ("components", "schemas", "Body"),
        ("components", "schemas", "Body", "properties"),
        ("components", "schemas", "Body", "properties", "x"),
        ("components", "schemas", "Body", "required"),
        ("components", "schemas", "Body", "type"),
        ("components", "parameters"),
        ("components", "parameters", "Trace"),
        ("components", "parameters", "Trace", "schema"),
        ("components", "parameters", "Trace", "in"),
    ],
    ids=lambda path: "/".join(map(str, path)),
)
def test_no_part_of_another_type_stops_the_proxy(path: tuple[Any, ...]) -> None:
    for value in ODD:
        document = copy.deepcopy(RIGHT)
        holder: Any = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = value
        made = well_formed(document)
        operations(made, Models(made["components"]["schemas"]))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"type": "string", "minLength": 1}, {"type": "string", "minLength": 1}, id="a right one"),
        pytest.param({"default": [1], "x-mine": {"a": 1}}, {"default": [1], "x-mine": {"a": 1}}, id="values of any type stay"),
        pytest.param({"minLength": "1", "maximum": True, "description": 4}, {}, id="bounds and texts of other types go"),
        pytest.param({"anyOf": 3, "required": [1, "a"]}, {"anyOf": [], "required": ["a"]}, id="lists hold what they hold"),
        pytest.param(True, {}, id="everything is allowed"),
    ],
)
def test_schemas(given: Any, expected: dict[str, Any]) -> None:
    assert schema(given) == expected
