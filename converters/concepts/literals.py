"""Python source for values: the one way by which a project's values reach generated code."""

from __future__ import annotations

import json
import math
from typing import Any


def source_of(value: Any) -> str:
    """Source of a constant in the style of formatted code (double quotes). Raises `TypeError` for anything but plain data."""
    if isinstance(value, str):
        return string(value)
    if value is None or isinstance(value, bool | int | bytes):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, list):
        return "[" + ", ".join(source_of(item) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(source_of(item) for item in value) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{source_of(key)}: {source_of(item)}" for key, item in value.items()) + "}"
    if isinstance(value, set):
        return "{" + ", ".join(sorted(source_of(item) for item in value)) + "}" if value else "set()"
    if isinstance(value, type):
        return value.__name__
    raise TypeError(f"no source for a {type(value).__name__}")


def string(value: str) -> str:
    """A string literal with double quotes where that needs no more escapes."""
    plain = repr(value)
    if plain.startswith("'") and '"' not in value:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    if '"' in value and value.isprintable() and value.isascii():
        return json.dumps(value) if value.count('"') <= value.count("'") else plain
    return plain
