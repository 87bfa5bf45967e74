"""Values for the fields of an input: what a caller could mean, those at the bounds, those that the code knows, wrong ones, drawn ones."""

from __future__ import annotations

import base64
import math
import random
import re
from collections.abc import Collection, Iterator
from typing import Any

from .child.files import content
from .literals import NONE, Literals

Schema = dict[str, Any]
_WORDS = ("red", "green", "cat", "House", "42", "über", "the", "under", "painted", "seven", "lamp", "sea.", "Well,", "night?", "a")
_TEXT = "a cat on a mat beside the warm stove, where seven grey kittens sleep beside the stove"
_AROUND = (("", ""), ("", ""), (" ", "  "), ("\n", ""))
"""Blanks before and after a drawn text: code that strips it is told from code that does not."""
_LONGEST_TEXT = 20_000
_DEPTH = 8
"""How many references are followed into each other for one value."""
_LIMITS = ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "maxLength")
"""What a field may say once for all its alternatives."""
_NUMBERS = ("integer", "number")
HOST = "http://files.example/"
"""Where made-up files lie."""
OWN_FILE = "file:///etc/hostname"
"""A file of the machine that serves: nobody may read it by its address."""
_HINTS = (
    (r"zip|archive|dataset|training_data|data_url", "zip"),
    (r"\btar\b|lora_url|weights", "tar"),
    (r"video|movie|clip", "mp4"),
    (r"audio|song|speech|music|voice|wav|sound", "wav"),
    (r"json|workflow", "json"),
    (r"text_file|srt|csv", "txt"),
)
KINDS = frozenset({"png", *(suffix for _, suffix in _HINTS)})
"""Kinds of files that can be made up."""
_LINKS = re.compile(r"(?i)ur[li]s?\b|_ur[li]|image|photo|picture|img|mask|audio|video|file|_path|link|uri")
_ADDRESS = re.compile(r"(?i)ur[li]s?$|_link$")
"""Names of fields whose text is an address, where files are sent as data URLs."""
_SHOWN = re.compile(r"(?i)(?:for example|for instance|e\.g\.|such as|example:)[,:]?\s*['\"`]([^'\"`]{1,200})['\"`]")
"""A value that the description of a field shows."""
OBJECT = {
    "url": HOST + "a.png", "image": HOST + "a.png", "prompt": "a cat", "text": "a cat", "name": "a", "method": "GET", "endpoint": "/",
    "model": "a", "messages": [{"role": "user", "content": "a cat"}],
}  # fmt: skip
"""What is sent where an object is expected whose keys nobody knows."""


class Values:
    """Makes values for the fields of the input that a schema describes.

    ``files`` are the fields that take a file (others are told by their names), ``link`` says how one is sent: as ``url`` or ``data`` URL.
    """

    def __init__(self, schema: Schema, link: str = "url", files: Collection[str] = (), literals: Literals = NONE) -> None:
        self._schema = schema
        self._link = link
        self._files = files
        self._literals = literals
        self._fields: dict[str, Schema] = {name: self._resolved(field) for name, field in schema.get("properties", {}).items()}
        self.names = list(self._fields)
        """The fields of the input."""
        self.required: list[str] = [name for name in schema.get("required", []) if name in self._fields]
        """Those that must not be left out."""

    def is_typed(self, name: str) -> bool:
        """Whether the schema says what a field takes."""
        field = self._fields[name]
        return any("type" in part or "enum" in part or "$ref" in part for part in field.get("anyOf", [field]))

    def value(self, name: str, untyped: Any = "a cat", link: str | None = None) -> Any:
        """A value that a caller could mean.

        ``untyped`` is what a field without a type gets. ``link``: how a file is sent this time (also as ``base64``).
        """
        return self._meant(name, self._fields[name], untyped, link or self._link)

    def surrounded(self, name: str) -> Any:
        """The same, with blanks around it and a full stop where it is a text of ours: whether a branch strips it is seen there."""
        value = self.value(name)
        fits = _longest(self._parts(self._fields[name]), len(_TEXT) + 3) > len(_TEXT) + 2
        return f" {value}. " if value == _TEXT and fits else value

    def edges(self, name: str) -> Iterator[tuple[str, Any]]:
        """Values at the bounds of a field, its choices, and what is special about each; the addresses of a file."""
        if name in self._files:
            yield from self._addressed(name)
        else:
            yield from self._bounds(self._fields[name])
            yield from self._filled(name)

    def known(self, name: str) -> Iterator[tuple[str, Any]]:
        """Texts and numbers that the source compares with, where they fit into a field, and lengths around them."""
        parts = [part for part in self._parts(self._fields[name]) if "enum" not in part]
        kinds = {part.get("type") for part in parts}
        if name in self._files:
            return
        if "string" in kinds or kinds == {None}:
            for word in self._literals.words:
                yield repr(word), word
            longest = _longest(parts, _LONGEST_TEXT)
            yield from ((f"a match, {text!r}", text) for text in self._literals.matches if len(text) <= longest)
        if "string" in kinds and _ADDRESS.search(name):
            for address in self._literals.addresses:
                yield address, address
        if "string" in kinds and not _LINKS.search(name):
            for length in self._literals.numbers:
                for size in (length, length + 1) if 1 < length <= _LONGEST_TEXT else ():
                    if size <= _longest(parts, size):
                        yield f"{size} letters", "x" * size
        for number in self._literals.numbers:
            for value in (number, number + 1):
                if _allowed(value, parts):
                    yield str(value), value

    def wrong(self, name: str) -> Iterator[tuple[str, Any]]:
        """Values outside the type and the bounds of a field."""
        parts = self._parts(self._fields[name])
        kinds = {part.get("type") for part in parts}
        if None in kinds:
            return
        if "string" not in kinds:
            yield "text instead", "no such thing"
        elif all("enum" in part for part in parts if part["type"] == "string"):
            yield "no such choice", "no such choice"
        if not kinds & {"object"}:
            yield "an object instead", {"a": 1}
        if not kinds & {"array"}:
            yield "a list instead", [1]
        for part in parts:
            items = self._parts(self._resolved(part.get("items"))) if part["type"] == "array" else []
            if items and all(inner.get("type") not in (None, "object") for inner in items) and not part.get("minItems", 0) > 1:
                yield "an item of another kind", [{"a": 1}]
        if "null" not in kinds:
            yield "null instead", None
        for part in parts:
            for about, bound, beyond in (("below the minimum", "minimum", -1), ("above the maximum", "maximum", 1)):
                if part["type"] in _NUMBERS and bound in part and not _allowed(part[bound] + beyond, parts):
                    yield about, part[bound] + beyond

    def drawn(self, name: str, chance: random.Random) -> Any:
        """A random value of a field, within its schema."""
        field = self._fields[name]
        edges = [] if name in self._files else [value for _, value in (*self._bounds(field), *self._filled(name))]
        usual = self.value(name)
        parts = [part for part in self._parts(field) if "enum" not in part]
        kinds = {part.get("type") for part in parts}
        number = next((part for part in parts if part.get("type") in _NUMBERS), None)
        if number is not None and chance.random() < 0.5:
            return _drawn_number(number, chance)
        if kinds == {"string"} and name not in self._files and not _LINKS.search(name) and chance.random() < 0.5:
            if self._literals.words and chance.random() < 0.3:
                return chance.choice(self._literals.words)
            text = " ".join(chance.choice(_WORDS) for _ in range(chance.choice((1, 3, 12, 40))))
            before, after = chance.choice(_AROUND)
            text = f"{before}{text}"[: _longest(parts, len(text) + len(before))]
            return f"{text}{after}" if len(text) + len(after) <= _longest(parts, len(text) + len(after)) else text
        return chance.choice([*edges, usual]) if edges else usual

    def _meant(self, name: str, field: Schema, untyped: Any, link: str, above: tuple[str, ...] = ()) -> Any:
        """``above``: the references that led here, none of which is followed once more."""
        if field.get("default") not in (None, [], {}):  # who sends a list or an object sends one that holds something
            return field["default"]
        if "const" in field or field.get("enum"):
            return field.get("const", field.get("enum", [None])[0])
        parts = [part for part in field.get("anyOf", []) if part.get("type") != "null"]
        for part in parts:
            if (inner := _entered(part, above)) is not None:
                stated = {**_limits(field), **self._resolved(part), "description": field.get("description", "")}
                return self._meant(name, stated, untyped, link, inner)
        if parts:
            return None
        if field.get("examples"):
            return field["examples"][0]
        kind = field.get("type")
        if kind == "object" and field.get("properties"):
            nested = Values({**field, "$defs": self._schema.get("$defs", {}), "components": self._schema.get("components", {})}, link)
            entered = {key: _entered(field["properties"][key], above) for key in nested.required or nested.names}
            return {
                key: nested._meant(key, nested._fields[key], untyped, link, inner) for key, inner in entered.items() if inner is not None
            }
        if kind == "array":
            items, inner = self._resolved(field.get("items", {})), _entered(field.get("items"), above)
            if inner is None:
                return []
            item = self._meant(name, items, "a cat", link, inner) if items else self._item(name, untyped, link)
            return [item] * max(int(field.get("minItems", 1)), 1)
        if kind == "string" or (kind is None and isinstance(untyped, str)):
            return self._text(name, field, link)
        if kind in _NUMBERS:
            low, high = _range(field)
            value = low if low is not None and (low > 0 or "minimum" in field) else 1 if high is None else min(1, high)
            return int(value) if kind == "integer" else float(value)
        return {"boolean": True, "object": dict(OBJECT), "null": None}.get(kind, untyped) if isinstance(kind, str) else untyped

    def _item(self, name: str, untyped: Any, link: str) -> Any:
        """An item of a list whose items nobody declares: what a field without a type would get."""
        if "message" in name:
            return OBJECT["messages"][0]
        return untyped if isinstance(untyped, dict | int) else self._text(name, {}, link)

    def _text(self, name: str, field: Schema, link: str) -> str:
        about = f"{name} {field.get('description', '')}".lower()
        suffix = next((suffix for pattern, suffix in _HINTS if re.search(pattern, about)), "png")
        if re.search("base64|b64", name.lower()):
            return base64.b64encode(content(name, f".{suffix}")).decode()
        if field.get("format") == "binary" or "contentMediaType" in field:  # an upload
            return _data(name, suffix)
        if name in self._files or field.get("format") in ("uri", "url") or (_LINKS.search(name) and "maxLength" not in field):
            if link == "file":
                return OWN_FILE
            if self._link == "data" and name in self._files and link != "address":
                link = "data"
            elif link == "data" and _ADDRESS.search(name):
                link = "url"
            if link == "base64":
                return base64.b64encode(content(name, f".{suffix}")).decode()
            if link == "data":
                return _data(name, suffix)
            return f"{HOST}{re.sub(r'[^a-z0-9]+', '-', name.lower())}.{suffix}"
        shown = _SHOWN.search(field.get("description", ""))
        text = shown.group(1) if shown else _TEXT
        least, most = int(field.get("minLength", 0)), int(field.get("maxLength", len(text)))
        return (text + "x" * max(least - len(text), 0))[:most]

    def _bounds(self, field: Schema) -> Iterator[tuple[str, Any]]:
        for part in self._parts(field):
            for value in part.get("enum", [])[:8]:
                yield f"choice {value!r}", value
            kind = part.get("type")
            if kind in _NUMBERS and "enum" not in part:
                for bound in ("minimum", "maximum"):
                    if bound in part and _allows(part, part[bound]):
                        yield bound, int(part[bound]) if kind == "integer" else part[bound]
                others = [("2", 2), ("37", 37)]
                if not any(bound in part for bound in ("minimum", "exclusiveMinimum")):
                    others = [("zero", 0), ("minus one", -1), *others]
                yield from ((about, value) for about, value in others if _allows(part, value))
            elif kind == "string" and "enum" not in part and "format" not in part:
                yield "no text", ""
                yield "one letter", "x"
                yield "other letters", "Ünïcode ☃ <b>"
                yield "lines and blanks around", " one\ntwo \t"
            elif kind == "boolean":
                yield "true", True
                yield "false", False
            elif kind == "array":
                yield "no items", []
            elif kind == "null":
                yield "null", None

    def _filled(self, name: str) -> Iterator[tuple[str, Any]]:
        """Lists of one item and of two that differ, and an object with all keys that are known, where a field takes them."""
        for part in self._parts(self._fields[name]):
            least, most = int(part.get("minItems", 0)), int(part.get("maxItems", 2))
            if part.get("type") == "array" and (item := self._meant(name, {**part, "minItems": 1}, "a cat", self._link)):
                if least <= 1 <= most:
                    yield "one item", item
                if least <= 2 <= most:
                    yield "two items", [*item, self._another(name, self._resolved(part.get("items")), item[0])]
            elif part.get("type") == "object":
                yield "an object", self._meant(name, part, "a cat", self._link)
                yield "an object with all keys", self._whole(name, part)

    def _another(self, name: str, field: Schema, item: Any) -> Any:
        """An item of a list beside ``item``: another one where the schema allows it, an object with all keys."""
        if isinstance(item, str) and item.startswith(HOST):
            return f"{HOST}other-{item.removeprefix(HOST)}"
        if field.get("type") == "object":
            return self._whole(name, field)
        others = (value for _, value in self._bounds(field) if value not in (item, "", None))
        return next(others, item if field.get("format") or not isinstance(item, str) else "a dog"[: _longest(self._parts(field), 5)])

    def _whole(self, name: str, field: Schema) -> Any:
        """An object with a value for each key that its schema knows."""
        return self._meant(name, {**field, "required": list(field.get("properties", {}))}, "a cat", self._link)

    def _addressed(self, name: str) -> Iterator[tuple[str, Any]]:
        """A file by its address, where it is usually sent along; one of the machine that serves."""
        plain = {key: part for key, part in self._fields[name].items() if key != "default"}
        for about, link in (("an address", "address"), ("a file of the machine", "file")):
            if link == "file" or self._link == "data":
                yield about, self._meant(name, plain, "a cat", link)

    def _parts(self, field: Schema) -> list[Schema]:
        """The alternatives of a field, each with the limits of all."""
        parts = [self._resolved(part) for part in field.get("anyOf", [field])]
        return [{**_limits(field), **_limits(part), **self._resolved(inner)} for part in parts for inner in part.get("anyOf", [part])]

    def _resolved(self, field: Any) -> Schema:
        if not isinstance(field, dict):
            return {}
        reference = _reference(field)
        if not reference:
            return _split(field)
        name = reference.rpartition("/")[2]
        places = (self._schema.get("$defs", {}), self._schema.get("components", {}).get("schemas", {}))
        found: Schema = next((place[name] for place in places if name in place), {})
        return _split({**found, **{key: value for key, value in field.items() if key not in ("$ref", "allOf")}})


def _split(field: Schema) -> Schema:
    """The field with an alternative for each type where it lists several, as OpenAPI 3.1 allows."""
    kinds = field.get("type")
    if not isinstance(kinds, list):
        return field
    stated = {key: field[key] for key in ("default", "description", "const", "enum") if key in field}
    return {**stated, "anyOf": [{**field, "type": kind} for kind in kinds]}


def _reference(field: Schema) -> str:
    return str(field.get("$ref") or (field["allOf"][0].get("$ref") if len(field.get("allOf", [])) == 1 else None) or "")


def _entered(field: Any, above: tuple[str, ...]) -> tuple[str, ...] | None:
    """The references that lead into a part of a field; None where they lead back, or too far."""
    reference = _reference(field) if isinstance(field, dict) else ""
    if not reference:
        return above
    return None if reference in above or len(above) >= _DEPTH else (*above, reference)


def _data(name: str, suffix: str) -> str:
    """A file as a data URL."""
    kind = {"mp4": "video/mp4", "wav": "audio/wav", "zip": "application/zip", "json": "application/json", "txt": "text/plain"}
    return f"data:{kind.get(suffix, 'image/png')};base64,{base64.b64encode(content(name, f'.{suffix}')).decode()}"


def _limits(field: Schema) -> Schema:
    return {key: field[key] for key in _LIMITS if key in field}


def _longest(parts: list[Schema], otherwise: int) -> int:
    return max((int(part.get("maxLength", otherwise)) for part in parts if part.get("type") == "string"), default=otherwise)


def _end(field: Schema, bound: str, strict: str) -> tuple[Any, bool]:
    """A bound of a number, None where there is none, and whether it is open; in OpenAPI 3.0 ``strict`` says only that."""
    stated = field.get(strict)
    return (field.get(bound), bool(stated)) if stated is None or isinstance(stated, bool) else (stated, True)


def _allows(field: Schema, value: float) -> bool:
    """Whether a number is within the bounds of a field."""
    (least, above), (most, below) = _end(field, "minimum", "exclusiveMinimum"), _end(field, "maximum", "exclusiveMaximum")
    return (least is None or value > least or (value == least and not above)) and (
        most is None or value < most or (value == most and not below)
    )


def _allowed(value: float, parts: list[Schema]) -> bool:
    return any(part.get("type") in _NUMBERS and _allows(part, value) for part in parts)


def _range(field: Schema) -> tuple[Any, Any]:
    """The lowest and the highest number to send, None where there is none: from an open bound one away, or less where that is too far."""
    (low, above), (high, below) = _end(field, "minimum", "exclusiveMinimum"), _end(field, "maximum", "exclusiveMaximum")
    step = 1 if low is None or high is None else min(1, (high - low) / 2)
    low = low + step if above and low is not None else low
    high = high - step if below and high is not None else high
    if field.get("type") == "integer":
        low, high = low if low is None else math.ceil(low), high if high is None else math.floor(high)
    return low, high


def _drawn_number(field: Schema, chance: random.Random) -> float:
    low, high = _range(field)
    if low is None:
        low = 0 if high is None or high >= 0 else high - 100
    if high is None:
        high = low + 100
    if field["type"] == "integer":
        return chance.randint(low, max(high, low))
    return min(max(round(chance.uniform(low, high), 3), float(low)), float(high))
