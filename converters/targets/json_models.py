"""Pydantic models from the JSON Schemas of an OpenAPI document, in an order in which each name exists before it is used.

datamodel-code-generator was tried and not taken (0.89, on the committed documents of two public servers, 85 and 41 schemas): it needs
3 to 5 s for each where this needs 0.02 s, and brings black, isort, inflect and typeguard into every installation; its classes take names
that the proxy imports (`Audio`), turn uploads into `bytes` and single bounds into `RootModel` classes, and start with the future import
that makes fal take a body for query parameters. Both leave no field of the two documents without a type. What is not carried over here
(patterns, bounds of items, several `allOf`) the server itself checks: a proxy must refuse nothing that its server takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from converters.concepts.literals import source_of, string
from converters.escape import comment, docstring
from converters.targets.app import field_name

CONSTRAINTS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
}
PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
    "array": "list[Any]",
}
RESERVED = frozenset(
    {
        "Any",
        "Audio",
        "BaseModel",
        "ConfigDict",
        "Field",
        "File",
        "HTTPException",
        "Image",
        "Iterator",
        "JSONResponse",
        "Literal",
        "Request",
        "Response",
        "StreamingResponse",
        "Video",
    }
)
MAX_DEPTH = 8


def field_names(keys: Iterable[str]) -> dict[str, str]:
    """Key -> name of its field: the key itself where it may be a name, and each name once."""
    found = {key: key for key in keys if field_name(key) == key}
    for key in keys:
        name = field_name(key)
        while key not in found and name in found.values():
            name += "_"
        found.setdefault(key, name)
    return found


@dataclass
class Models:
    """Renders classes for the components that endpoints use."""

    components: dict[str, Any]
    taken: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def resolve(self, schema: Any, depth: int = 0) -> dict[str, Any]:
        """A schema with its outermost reference followed."""
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and depth < MAX_DEPTH:
            return self.resolve(self.components.get(schema["$ref"].rsplit("/", 1)[-1]), depth + 1)
        return schema if isinstance(schema, dict) else {}

    def annotation(self, schema: Any, depth: int = 0) -> str:
        """The Python annotation of a schema."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return "Any"
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"].rsplit("/", 1)[-1], depth)
        if (
            isinstance(schema.get("enum"), list)
            and schema["enum"]
            and all(isinstance(one, str | int | bool) or one is None for one in schema["enum"])
        ):
            return "Literal[" + ", ".join(source_of(one) for one in schema["enum"]) + "]"
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                parts = list(dict.fromkeys(self.annotation(one, depth + 1) for one in schema[key]))
                return "Any" if "Any" in parts else " | ".join(sorted(parts, key=lambda part: part == "None"))
        if isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
            return self.annotation(schema["allOf"][0], depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list):
            return " | ".join(sorted((PLAIN.get(str(one), "Any") for one in kind), key=lambda part: part == "None")) or "Any"
        if kind == "array":
            return f"list[{self.annotation(schema.get('items'), depth + 1)}]"
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and not schema.get("properties"):
            return f"dict[str, {self.annotation(schema['additionalProperties'], depth + 1)}]"
        return PLAIN.get(str(kind), "Any")

    def _reference(self, name: str, depth: int) -> str:
        target = self.components.get(name)
        if not isinstance(target, dict):
            return "Any"
        if target.get("type") != "object" or not target.get("properties"):
            return self.annotation({key: value for key, value in target.items() if key != "$ref"}, depth + 1)
        if name in self._open:
            return "Any"
        if name not in self.names:
            self._open.append(name)
            made = self.fresh(name)
            body = self.render(made, target)
            self._open.remove(name)
            self.names[name] = made
            self.classes.append(body)
        return self.names[name]

    def fresh(self, wanted: str) -> str:
        """A class name that nothing else in the file has."""
        plain = re.sub(r"\W+", "_", wanted).strip("_") or "Model"
        name = plain[0].upper() + plain[1:] if not plain[0].isdigit() else f"Model{plain}"
        while name in self.taken or name in RESERVED:
            name += "_"
        self.taken.add(name)
        return name

    def render(self, name: str, schema: dict[str, Any], *, extra: str = "allow") -> str:
        """The source of one class."""
        properties = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
        required = schema.get("required") if isinstance(schema.get("required"), list) else []
        names = field_names(properties or {})
        lines = [self.field(key, names[key], value, required=key in (required or [])) for key, value in (properties or {}).items()]
        text = schema.get("description")
        head = [f"    {docstring(text)}", ""] if isinstance(text, str) and comment(text) else []
        protected = any(key.startswith("model_") for key in (properties or {}))
        config = (
            f'model_config = ConfigDict(extra="{extra}", populate_by_name=True' + (", protected_namespaces=()" if protected else "") + ")"
        )
        return "\n".join([f"class {name}(BaseModel):", *head, f"    {config}", "", *(f"    {line}" for line in lines)]).rstrip()

    def field(self, key: str, name: str, schema: Any, *, required: bool) -> str:
        """One field: `steps: int = Field(default=25, ge=1)`; `name` is that of `field_names`."""
        schema = schema if isinstance(schema, dict) else {}
        annotation = self.annotation(schema)
        optional = not required
        default = schema.get("default")
        if optional and default is None and "None" not in annotation and annotation != "Any":
            annotation = f"{annotation} | None"
        arguments = [f"alias={string(key)}"] if name != key else []
        inner = next((one for one in schema.get("anyOf", []) if isinstance(one, dict) and one.get("type") not in ("null", None)), schema)
        numeric = "Literal" not in annotation
        arguments += [
            f"{CONSTRAINTS[word]}={source_of(inner[word])}" for word in CONSTRAINTS if numeric and isinstance(inner.get(word), int | float)
        ]
        text = schema.get("description")
        if isinstance(text, str) and comment(text):
            arguments.append(f"description={string(comment(text)[:300])}")
        if optional:
            mutable = isinstance(default, list | dict)
            value = f"default_factory=lambda: {source_of(default)}" if mutable else f"default={source_of(default)}"
            if not arguments and not mutable:
                return f"{name}: {annotation} = {source_of(default)}"
            arguments.insert(0, value)
        return f"{name}: {annotation}" + (f" = Field({', '.join(arguments)})" if arguments else "")
