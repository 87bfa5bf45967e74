"""JSON Schemas of an endpoint's input and output, from the annotations of the model.

Annotations are Python source made by this package (`int | None`, `list[Any]`, `Literal["a", "b"]`); they are read with `ast` and
never evaluated. What is not understood becomes the schema that accepts everything.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Any

from converters.ir import InputField, InputSchema, OutputField, OutputSchema

Schema = dict[str, Any]

_SCALARS: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "Number": {"type": "number"},
    "Integer": {"type": "integer"},
    "Real": {"type": "number"},
    "ToInt": {"type": "integer"},
    "ToFloat": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "list": {"type": "array"},
    "List": {"type": "array"},
    "tuple": {"type": "array"},
    "set": {"type": "array", "uniqueItems": True},
    "dict": {"type": "object"},
    "Dict": {"type": "object"},
    "Mapping": {"type": "object"},
    "Any": {},
    "object": {},
    "HttpUrl": {"type": "string", "format": "uri"},
    "SecretStr": {"type": "string", "format": "password"},
}
_MEDIA = ("Image", "Video", "Audio", "File")
_KEYWORDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "regex": "pattern",
    "title": "title",
}
_LENGTHS = {"min_length": ("minLength", "minItems"), "max_length": ("maxLength", "maxItems")}


def input_schema(schema: InputSchema) -> Schema:
    """What a request body may hold."""
    document: Schema = {
        "type": "object",
        "properties": {field.name: _input_field(field) for field in schema.fields},
        "additionalProperties": schema.extra != "forbid",
    }
    required = [field.name for field in schema.fields if field.required]
    return {**document, "required": required} if required else document


def output_schema(schema: OutputSchema) -> Schema:
    """What a successful answer holds."""
    if not schema.fields:
        return annotation_schema(schema.annotation)
    classes = [model.name for model in schema.models]
    document = _output_fields(schema.fields, classes)
    models = {model.name: _output_fields(model.fields, classes) for model in schema.models}
    return {**document, "$defs": models} if models else document


def _output_fields(fields: Sequence[OutputField], classes: Collection[str]) -> Schema:
    required = [field.name for field in fields if not field.optional]
    properties = {field.name: _output_field(field, classes) for field in fields}
    document: Schema = {"type": "object", "properties": properties, "additionalProperties": True}
    return {**document, "required": required} if required else document


def annotation_schema(annotation: str, classes: Collection[str] = ()) -> Schema:
    """The schema of one annotation; `{}` where it is not understood. `classes`: names that are references to `$defs`."""
    try:
        return _schema(ast.parse(annotation, mode="eval").body, classes)
    except (SyntaxError, ValueError, RecursionError):
        return {}


def _schema(node: ast.expr, classes: Collection[str]) -> Schema:
    match node:
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.Constant(value=str(text)):
            return annotation_schema(text, classes)
        case ast.Name(id=name) if name in classes:
            return {"$ref": f"#/$defs/{name}"}
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _named(name)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _union([_schema(left, classes), _schema(right, classes)])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _generic(name, list(inner.elts) if isinstance(inner, ast.Tuple) else [inner], classes)
    return {}


def _named(name: str) -> Schema:
    if name in _MEDIA:
        url = {"type": "string", "description": "Where the file can be fetched."}
        return {"title": name, "type": "object", "properties": {"url": url}, "required": ["url"], "additionalProperties": True}
    return dict(_SCALARS.get(name, {}))


def _generic(name: str, arguments: list[ast.expr], classes: Collection[str]) -> Schema:
    match name:
        case "Literal":
            choices = [ast.literal_eval(argument) for argument in arguments]
            return {"enum": choices} if _is_json(choices) else {}
        case "Optional":
            return _union([_schema(arguments[0], classes), {"type": "null"}])
        case "Union":
            return _union([_schema(argument, classes) for argument in arguments])
        case "Annotated":
            return _schema(arguments[0], classes)
        case "list" | "List" | "Sequence" | "Iterator" | "AsyncIterator" | "set" | "frozenset":
            return _with("array", "items", _schema(arguments[0], classes))
        case "dict" | "Dict" | "Mapping":
            return _with("object", "additionalProperties", _schema(arguments[-1], classes))
        case "tuple" | "Tuple":
            return _tuple(arguments, classes)
    return {}


def _tuple(arguments: list[ast.expr], classes: Collection[str]) -> Schema:
    match arguments:
        case [first, ast.Constant(value=value)] if value is ...:
            return _with("array", "items", _schema(first, classes))
    count = len(arguments)
    return {"type": "array", "prefixItems": [_schema(argument, classes) for argument in arguments], "minItems": count, "maxItems": count}


def _with(kind: str, keyword: str, inner: Schema) -> Schema:
    return {"type": kind, keyword: inner} if inner else {"type": kind}


def _union(members: list[Schema]) -> Schema:
    flat: list[Schema] = []
    for member in members:
        parts = member["anyOf"] if set(member) == {"anyOf"} else [member]
        flat += [part for part in parts if part not in flat]
    if {} in flat:
        return {}
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _input_field(field: InputField) -> Schema:
    schema = _constrained(annotation_schema(field.annotation), field.constraints)
    if field.model is not None:
        schema = _of_model(schema, input_schema(field.model))
    if field.description:
        schema["description"] = field.description
    if field.media in ("path", "file"):
        schema["format"] = "uri"
    if field.default is not None:
        try:
            default = ast.literal_eval(field.default)
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            return schema
        if _is_json(default):
            schema["default"] = default
    return schema


def _of_model(schema: Schema, model: Schema) -> Schema:
    """The schema of a field with the keys of its nested object."""
    if schema.get("type") == "object":
        return model
    if schema.get("type") == "array":
        return {**schema, "items": model}
    return {**schema, "anyOf": [_of_model(member, model) for member in schema["anyOf"]]} if "anyOf" in schema else schema


def _output_field(field: OutputField, classes: Collection[str]) -> Schema:
    schema = annotation_schema(field.annotation, classes)
    if field.many and field.media:
        schema = {"type": "array", "items": schema}
    if field.optional:
        schema = _union([schema, {"type": "null"}])
    return {**schema, "description": field.description} if field.description else schema


def _constrained(schema: Schema, constraints: dict[str, Any]) -> Schema:
    """Constraints go to the member they speak of where the field may also be null."""
    members = [member for member in schema.get("anyOf", []) if member != {"type": "null"}]
    if len(members) == 1:
        others = [_constrained(member, constraints) if member == members[0] else member for member in schema["anyOf"]]
        return {**schema, "anyOf": others}
    for name, value in constraints.items():
        if name == "choices" and _is_json(value):
            schema = {**schema, "enum": value}
        elif name in _LENGTHS:
            schema = {**schema, _LENGTHS[name][schema.get("type") == "array"]: value}
        elif name in _KEYWORDS and _is_json(value):
            schema = {**schema, _KEYWORDS[name]: value}
    return dict(schema)


def _is_json(value: Any) -> bool:
    match value:
        case None | bool() | int() | str():
            return True
        case float():
            return value == value and abs(value) != float("inf")
        case list():
            return all(map(_is_json, value))
        case dict():
            return all(isinstance(key, str) and _is_json(inner) for key, inner in value.items())
    return False
