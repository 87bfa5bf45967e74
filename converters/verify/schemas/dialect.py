"""JSON Schemas of OpenAPI 3 and older drafts in one dialect: draft 2020-12 without annotations."""

from __future__ import annotations

import math
from typing import Any

Schema = dict[str, Any]

UNTYPED = "x-untyped"
"""A keyword of ours: nothing is declared of this value, so that what an answer holds there cannot be told from the schema."""

_ONE = ("not", "additionalProperties", "items", "contains", "propertyNames", "if", "then", "else", "unevaluatedItems")
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_AS_THEY_ARE = (
    *("type", "enum", "const", UNTYPED),
    *_NUMBERS,
    *("minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
    *("required", "minProperties", "maxProperties", "dependentRequired"),
)
_NOT_UNDERSTOOD = ("$id", "$anchor", "$dynamicRef", "$recursiveRef", "dependencies", "unevaluatedProperties")


class NotUnderstood(ValueError):
    """A schema says something whose meaning is not known here: the message names it."""


def plain(schema: Any, place: str) -> Any:
    """The schema in draft 2020-12, without titles, defaults, formats and other annotations.

    ``place`` is the JSON pointer, such as ``#/$defs/inner``, under which it is going to stand: references are written for it.
    Raises NotUnderstood.
    """
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, dict):
        raise NotUnderstood(f"{schema!r} is no schema")
    for keyword in _NOT_UNDERSTOOD:
        if keyword in schema:
            raise NotUnderstood(f"{keyword} is not understood")
    found: Schema = {key: value for key, value in schema.items() if key in _AS_THEY_ARE}
    if "$ref" in schema:
        found["$ref"] = _moved(schema["$ref"], place)
    found.update({key: plain(schema[key], place) for key in _ONE if key in schema and not isinstance(schema[key], list)})
    found.update({key: [plain(part, place) for part in schema[key]] for key in _SEVERAL if key in schema})
    found.update({key: _named(schema[key], place) for key in _NAMED if key in schema})
    if "components" in schema:
        found["components"] = {"schemas": _named(schema["components"].get("schemas", {}), place)}
    if isinstance(schema.get("items"), list):  # up to draft 7
        found["prefixItems"] = [plain(part, place) for part in schema["items"]]
        if "additionalItems" in schema:
            found["items"] = plain(schema["additionalItems"], place)
    found.update({key: _as_double(schema[key]) for key in _NUMBERS if key in schema})
    for strict, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(strict), bool):  # draft 4 and OpenAPI 3.0
            del found[strict]
            if schema[strict] and bound in found:
                found[strict] = found.pop(bound)
    if schema.get("nullable") is True:  # OpenAPI 3.0
        places = {key: found.pop(key) for key in ("$defs", "definitions", "components") if key in found}
        return {"anyOf": [found, {"type": "null"}], **places}
    return found


def _as_double(number: Any) -> Any:
    """A bound as every reader of JSON has it: whole numbers above 2**53 are rounded by some writers, and not by others."""
    if isinstance(number, float) and not math.isfinite(number):
        raise NotUnderstood(f"{number} is no number of JSON")
    return float(number) if isinstance(number, int) and abs(number) > 2**53 else number


def _named(parts: dict[str, Any], place: str) -> Schema:
    return {name: plain(part, place) for name, part in parts.items()}


def _moved(reference: Any, place: str) -> str:
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise NotUnderstood(f"$ref {reference!r} is not of this document")
    return place + reference[1:]
