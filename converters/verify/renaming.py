"""What a contract file states: where an app answers, and which of its fields stand for fields of the source.

An app that a person wrote has names of its own: `image` where the source answers `image_path`. What the file names is no difference;
what lies in the fields is compared. A field whose app answers a file may be a path, a `data:` URL or base64 in the source.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from converters.errors import Unreadable
from converters.ir import App
from converters.targets import contract

from .outcome import File, LocalPath, Outcome

WHOLE = "output"
"""Stands for an answer that is no object: Cog's output, which has no name of its own."""
_NONE: Mapping[str, str] = MappingProxyType({})
_HINT = "Write one pair a line, such as image_path=image or input.image=image_url; a line /generate names the path of the endpoint."


@dataclass(frozen=True)
class Renaming:
    """``input`` and ``output``: the source's field -> the app's; ``path``: of the endpoint that is asked, '' where there is but one."""

    path: str = ""
    input: Mapping[str, str] = field(default_factory=lambda: _NONE)
    output: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def __bool__(self) -> bool:
        return bool(self.path or self.input or self.output)

    def asked(self, body: Any) -> Any:
        """The body of a request under the app's names."""
        return {self.input.get(name, name): value for name, value in body.items()} if isinstance(body, dict) and self.input else body

    def answered(self, value: Any) -> Any:
        """The answer of the app under the source's names."""
        return _renamed(value, _turned(self.output))

    def schema_of_input(self, schema: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        """The app's input schema under the source's names; a field that the contract names is as the source declares it."""
        return _schema(schema, source, self.input)

    def schema_of_output(self, schema: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        """The same of its output."""
        return _schema(schema, source, self.output)

    def aligned(self, source: Outcome, target: Outcome) -> Outcome:
        """The source's outcome with the files that its texts hold, where the contract names the field and the app answers a file."""
        if not self.output or source.kind != "result" or target.kind != "result":
            return source
        chunks = source.chunks
        if chunks is not None and target.chunks is not None:
            pairs = zip(chunks, (*target.chunks, *(None for _ in chunks)), strict=False)
            chunks = tuple(self._aligned(one, other) for one, other in pairs)
        return replace(source, value=self._aligned(source.value, target.value), chunks=chunks)

    def _aligned(self, source: Any, target: Any) -> Any:
        if isinstance(source, dict) and isinstance(target, dict):
            named = {name: _as_file(source[name], target.get(name)) for name in self.output if name in source}
            return {**source, **named}
        return _as_file(source, target) if WHOLE in self.output else source


def of_conversion(app: App, folder: Path) -> Renaming:
    """The names that a conversion in ``folder`` gives to what the source answers: as it left them there, else as it would give them."""
    file = folder / contract.NAME
    found = read(file, app.name) if file.is_file() else Renaming(output=contract.renamed(app))
    named = {source: name for source, name in found.output.items() if source != WHOLE}  # that name the conversion knows
    return replace(found, path="", output=named)


def read(file: Path, app: str = "") -> Renaming:
    """The contract in a file: pairs, one a line, or the JSON document that a conversion leaves, of the ``app``. Raises Unreadable."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot be read: {error.strerror}." if isinstance(error, OSError) else "is no text."
        raise Unreadable(why, file=str(file), hint="--contract takes a file with one pair SOURCE=APP a line.") from error
    return _of_document(text, file, app) if text.lstrip().startswith("{") else _of_lines(text, file)


def _of_document(text: str, file: Path, app: str) -> Renaming:
    try:
        document = json.loads(text)
        apps = document.get("apps", {"": document})
        document = apps[app] if app in apps or len(apps) != 1 else next(iter(apps.values()))
        found = [{str(one): str(other) for one, other in document.get(key, {}).items()} for key in ("input", "output")]
        if document.get("key"):
            found[1].setdefault(WHOLE, str(document["key"]))
        return Renaming(str(document.get("path", "")), *found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = 'For example: {"path": "/", "input": {}, "output": {"image_path": "image"}}.'
        raise Unreadable("is no contract.", file=str(file), hint=hint) from error


def _of_lines(text: str, file: Path) -> Renaming:
    path, named = "", {"input": dict[str, str](), "output": dict[str, str]()}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].strip()
        if line.startswith("/") and not path:
            path = line
        elif line:
            source, equals, app = (part.strip() for part in line.partition("="))
            side, dot, name = source.partition(".")
            sides = (side,) if dot and side in named else tuple(named)
            name = name if dot and side in named else source
            if not (equals and name and app) or any(named[each].get(name, app) != app for each in sides):
                raise Unreadable(f"{line!r} is no pair of fields.", file=str(file), line=number, hint=_HINT)
            for each in sides:
                named[each][name] = app
    return Renaming(path, named["input"], named["output"])


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {app: source for source, app in names.items()}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    return {names.get(name, name): item for name, item in value.items()} if isinstance(value, dict) and names else value


def _schema(schema: dict[str, Any], source: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    if not names or not isinstance(schema.get("properties"), dict):
        return schema
    turned, declared = _turned(names), source.get("properties", {})
    fields = {turned.get(name, name): part for name, part in schema["properties"].items()}
    fields |= {name: declared[name] for name in names if name in fields and name in declared}
    required = [turned.get(name, name) for name in schema.get("required", [])]
    return {**schema, "properties": fields, **({"required": required} if required else {})}


def _as_file(source: Any, target: Any) -> Any:
    """The file that a text holds, where the app answers one; a path that was read already stays as it is."""
    if not isinstance(target, File) or not isinstance(source, str) or isinstance(source, LocalPath):
        return source
    head, comma, rest = source.partition(",")
    content = rest if comma and head.startswith("data:") and head.endswith(";base64") else source
    try:
        return File(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        return source
