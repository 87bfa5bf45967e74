"""An OpenAPI document in which every part is of the type that the specification gives it, so that whoever reads it need not ask.

What is of another type is left out: documents are written by hand and by programs, and a proxy must not refuse what its server takes.
"""

from __future__ import annotations

import math
from typing import Any

TEXTS = frozenset({"title", "description", "format", "pattern", "$ref"})
NUMBERS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems"}
)
LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
SCHEMAS = frozenset({"items", "additionalProperties", "not"})


def well_formed(document: Any) -> dict[str, Any]:
    """A copy with `paths`, `components.schemas` and `.parameters` as they are specified; unknown keys below an operation or schema stay."""
    components = _mapping(_mapping(document).get("components"))
    schemas = {name: schema(value) for name, value in _mapping(components.get("schemas")).items()}
    paths = {path: _path_item(value) for path, value in _mapping(_mapping(document).get("paths")).items() if isinstance(value, dict)}
    shared = {name: _parameter(value) for name, value in _mapping(components.get("parameters")).items() if isinstance(value, dict)}
    return {**_mapping(document), "paths": paths, "components": {**components, "schemas": schemas, "parameters": shared}}


def schema(value: Any) -> dict[str, Any]:
    """A JSON Schema; `true`, which allows everything, and what is no schema become the empty one."""
    made: dict[str, Any] = {}
    for key, part in _mapping(value).items():
        if key == "properties":
            made[key] = {name: schema(inner) for name, inner in _mapping(part).items()}
        elif key in LISTS:
            made[key] = [schema(inner) for inner in _listed(part)]
        elif key in SCHEMAS:
            made[key] = schema(part) if isinstance(part, dict) else part
        elif key == "required":
            made[key] = _strings(part)
        elif key == "type":
            made[key] = part if isinstance(part, str) else _strings(part)
        elif not (key in TEXTS and not isinstance(part, str)) and not (key in NUMBERS and not _is_number(part)):
            made[key] = part
    return made


def _path_item(value: dict[str, Any]) -> dict[str, Any]:
    methods = {method: _operation(stated) for method, stated in value.items() if isinstance(stated, dict)}
    return {**methods, "parameters": _parameters(value.get("parameters"))}


def _operation(stated: dict[str, Any]) -> dict[str, Any]:
    body = _mapping(stated.get("requestBody"))
    made = {**stated, "parameters": _parameters(stated.get("parameters")), "requestBody": {**body, "content": _content(body)}}
    made["responses"] = {
        str(code): {**answer, "content": _content(answer)}
        for code, answer in _mapping(stated.get("responses")).items()
        if isinstance(answer, dict)
    }
    return made


def _parameters(value: Any) -> list[dict[str, Any]]:
    return [_parameter(one) for one in _listed(value) if isinstance(one, dict)]


def _parameter(stated: dict[str, Any]) -> dict[str, Any]:
    return {**stated, "schema": schema(stated.get("schema"))}


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    content = _mapping(holder.get("content"))
    return {kind: {**_mapping(media), "schema": schema(_mapping(media).get("schema"))} for kind, media in content.items()}


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): part for key, part in value.items()} if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [one for one in _listed(value) if isinstance(one, str)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
