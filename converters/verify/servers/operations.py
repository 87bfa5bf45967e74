"""The operations of a server: what each takes as one object of fields, and where in an HTTP request each field goes.

An operation is kept in the certificate, so that a replay needs no OpenAPI document.
"""

from __future__ import annotations

import mimetypes
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from converters.verify.data_uris import contents, is_data

Schema = dict[str, Any]
Media = Literal["", "json", "form", "multipart", "raw", "text"]
_METHODS = ("get", "post", "put", "patch", "delete")
_MEDIA: dict[str, Media] = {"application/json": "json", "multipart/form-data": "multipart", "application/x-www-form-urlencoded": "form"}
_PARAMETER = re.compile(r"\{(\w+)[^}]*\}")
_DEPTH = 8
"""How many references lead from one to the next, and how many parts of a field are within each other."""


class Operation(BaseModel):
    """A method and a path with ``{name}`` for its parameters. Fields that are in neither path, query nor header are the body's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    path: str
    in_path: tuple[str, ...] = ()
    in_query: tuple[str, ...] = ()
    in_header: tuple[str, ...] = ()
    media: Media = ""
    whole: str = ""
    """The field that is the whole body, where the body is no object with fields of its own."""
    files: tuple[str, ...] = ()
    """Fields that are uploads: their values are data URLs. A body that is no form and no JSON is one: raw, as its media type says."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Described:
    """An operation with the JSON Schema of its fields, and the inputs that its document shows."""

    operation: Operation
    schema: Schema
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Call:
    """An operation with its fields: what both sides are asked."""

    operation: Operation
    body: Any

    @property
    def fits(self) -> bool:
        """Whether the fields can stand where they go: no null or object outside of the body, no part of the path empty, uploads as data."""
        if not isinstance(self.body, dict):
            return False
        operation = self.operation
        outside = [item for name in (*operation.in_path, *operation.in_query, *operation.in_header) for item in self._items(name)]
        return (
            all(name in self.body and _text(self.body[name]) not in ("", ".", "..") for name in operation.in_path)
            and not any(item is None or isinstance(item, dict | list) for item in outside)
            and not any(isinstance(self.body.get(name), list) for name in (*operation.in_path, *operation.in_header))
            and all(_is_header(_text(item)) for name in operation.in_header for item in self._items(name))
            and all(is_data(item) for name in operation.files for item in self._items(name))
        )

    def options(self) -> dict[str, Any]:
        """Method, url (a path), params, headers and content, as ``httpx.Client.build_request`` takes them."""
        operation, rest = self.operation, dict(self.body)
        path = _PARAMETER.sub(lambda found: urllib.parse.quote(_text(rest[found[1]]), safe=""), operation.path)
        rest = {name: value for name, value in rest.items() if name not in _PARAMETER.findall(operation.path)}
        options: dict[str, Any] = {"method": operation.method, "url": path}
        if query := [(name, _text(item)) for name in operation.in_query for item in self._items(name)]:
            options["params"] = query
        if headers := {name: _text(rest[name]) for name in operation.in_header if name in rest}:
            options["headers"] = headers
        rest = {name: value for name, value in rest.items() if name not in (*operation.in_query, *operation.in_header)}
        if operation.media == "json":
            options["json"] = rest.get(operation.whole) if operation.whole else rest
        elif operation.media == "raw" and rest.get(operation.whole) is not None:
            _, options["content"], media_type = upload(rest[operation.whole])
            options.setdefault("headers", {})["content-type"] = media_type
        elif operation.media == "text":
            options["content"] = _text(rest.get(operation.whole, ""))
        elif operation.media == "form":
            options["data"] = {name: _text(value) for name, value in rest.items() if value is not None}
        elif operation.media == "multipart":
            options["files"] = [
                (name, upload(item) if name in operation.files else (None, _text(item)))
                for name in rest
                for item in self._items(name)
                if item is not None
            ]
        return options

    def _items(self, name: str) -> list[Any]:
        if name not in self.body:
            return []
        value = self.body[name]
        return value if isinstance(value, list) else [value]


def upload(url: str) -> tuple[str, bytes, str]:
    """A data URL as a form's file: its name, which is what a converted proxy calls it, content and media type."""
    file = contents(url)
    return f"file{mimetypes.guess_extension(file.media_type) or ''}", file.data, file.media_type


def described(document: dict[str, Any]) -> list[Described]:
    """The operations of an OpenAPI 3 document, in its order; what is no operation is passed over."""
    found = []
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in _METHODS:
            stated = item.get(method) if isinstance(item, dict) else None
            if isinstance(stated, dict) and str(path).startswith("/"):
                parameters = [*_listed(item.get("parameters")), *_listed(stated.get("parameters"))]
                found.append(_Reader(document).operation(method.upper(), str(path), parameters, stated))
    return found


class _Reader:
    """Reads one operation of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._properties: dict[str, Any] = {}
        self._required: list[str] = []

    def operation(self, method: str, path: str, parameters: list[Any], stated: dict[str, Any]) -> Described:
        places: dict[str, list[str]] = {"path": [], "query": [], "header": []}
        for parameter in map(self._resolved, parameters):
            name, place = str(parameter.get("name")), str(parameter.get("in"))
            if place in places and name not in places[place]:
                places[place].append(name)
                self._properties[name] = {**self._resolved(parameter.get("schema")), **_description(parameter)}
                self._required += [name] if parameter.get("required") else []
        for name in _PARAMETER.findall(path):
            if name not in places["path"]:  # a document that is made by hand may leave it out
                places["path"].append(name)
                self._properties[name] = {"type": "string"}
                self._required.append(name)
        content = self._resolved(stated.get("requestBody")).get("content") or {}
        media_type = next((kind for kind in _MEDIA if kind in content), "")
        body = content.get(media_type) or {}
        whole, files = self._body(self._resolved(body.get("schema"))) if media_type else ("", ())
        media = _MEDIA.get(media_type, "")
        if content and not media and "body" not in self._properties:
            media, whole = ("text" if next(iter(content)).startswith("text/") else "raw"), "body"
            files = ("body",) if media == "raw" else ()
            self._properties["body"] = {"type": "string"} if media == "text" else {"type": "string", "format": "binary"}
            self._required.append("body")
        operation = Operation(
            method=method,
            path=path,
            in_path=tuple(places["path"]),
            in_query=tuple(places["query"]),
            in_header=tuple(places["header"]),
            media=media,
            whole=whole,
            files=files,
        )
        schema = {
            "type": "object",
            "properties": self._properties,
            "required": self._required,
            "components": self._document.get("components") or {},
        }
        examples = [{whole: value} if whole else value for value in self._examples(body)]
        return Described(operation, schema, tuple(value for value in examples if Call(operation, value).fits))

    def _body(self, schema: Schema) -> tuple[str, tuple[str, ...]]:
        """Add the body's fields; the field that stands for all of it, and those that are uploads."""
        fields = schema.get("properties")
        if isinstance(fields, dict) and not fields.keys() & self._properties.keys():
            self._properties.update(fields)
            self._required += [str(name) for name in _listed(schema.get("required")) if name in fields]
            return "", tuple(str(name) for name, field in fields.items() if self._is_upload(field))
        self._properties["body"] = schema
        self._required.append("body")
        return "body", ()

    def _is_upload(self, field: Any, depth: int = 0) -> bool:
        field = self._resolved(field)
        if "binary" in str(field.get("format")) or "contentMediaType" in field:
            return True
        inner = [*_listed(field.get("anyOf")), field.get("items")] if depth < _DEPTH else []
        return any(self._is_upload(part, depth + 1) for part in inner if part)

    def _examples(self, body: dict[str, Any]) -> Iterator[Any]:
        if "example" in body:
            yield body["example"]
        for example in (body.get("examples") or {}).values() if isinstance(body.get("examples"), dict) else ():
            if isinstance(example, dict) and "value" in example:
                yield example["value"]
        schema = self._resolved(body.get("schema"))
        if "example" in schema:
            yield schema["example"]
        yield from _listed(schema.get("examples"))

    def _resolved(self, value: Any) -> dict[str, Any]:
        for _ in range(_DEPTH):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                break
            place: Any = self._document
            for part in value["$ref"].removeprefix("#/").split("/"):
                place = place.get(part) if isinstance(place, dict) else None
            value = place
        return value if isinstance(value, dict) else {}


def _description(parameter: dict[str, Any]) -> dict[str, Any]:
    return {"description": parameter["description"]} if parameter.get("description") else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
