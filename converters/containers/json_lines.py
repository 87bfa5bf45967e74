"""JSON as plain values, with the line of every key and item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from converters.ir import Origin
from converters.project import SourceFile


@dataclass(frozen=True)
class Located:
    """A JSON value with the line of every mapping key and list item below it, by path."""

    value: Any
    lines: dict[tuple[str | int, ...], tuple[int, int, int]]

    def origin(self, file: SourceFile, *path: str | int) -> Origin:
        line, end_line, _ = self.lines.get(path, (1, 1, 0))
        return Origin(file=file.path, line=line, end_line=end_line)

    def offset(self, *path: str | int) -> int:
        return self.lines.get(path, (1, 1, 0))[2]


def locate(text: str) -> Located:
    """Parse JSON and keep the lines. Raises `ValueError` for invalid JSON."""
    value = json.loads(text)
    lines: dict[tuple[str | int, ...], tuple[int, int, int]] = {}
    _walk(text, _skip(text, 0), (), lines)
    return Located(value, lines)


def _walk(text: str, position: int, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], tuple[int, int, int]]) -> int:
    """Note where every key and item of the value at `position` starts; the offset behind the value."""
    if text[position] == "{":
        position = _skip(text, position + 1)
        while text[position] != "}":
            start = position
            key, end = json.decoder.scanstring(text, position + 1)  # type: ignore[attr-defined]
            after = _walk(text, _skip(text, _skip(text, end) + 1), (*path, key), lines)
            lines[(*path, key)] = (text.count("\n", 0, start) + 1, text.count("\n", 0, after) + 1, start)
            position = _skip(text, after)
            if text[position] == ",":
                position = _skip(text, position + 1)
        return position + 1
    if text[position] == "[":
        position = _skip(text, position + 1)
        index = 0
        while text[position] != "]":
            start = position
            after = _walk(text, position, (*path, index), lines)
            lines[(*path, index)] = (text.count("\n", 0, start) + 1, text.count("\n", 0, after) + 1, start)
            position = _skip(text, after)
            if text[position] == ",":
                position = _skip(text, position + 1)
            index += 1
        return position + 1
    return json.JSONDecoder().raw_decode(text, position)[1]


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position
