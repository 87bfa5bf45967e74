"""The bounds of an input against its type and its default: what Cog refuses to build is not converted without a word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from converters.ir import InputField

NUMBERS, TEXTS = frozenset({"int", "float", "Any"}), frozenset({"str", "Any"})
TYPES = {"ge": NUMBERS, "le": NUMBERS, "min_length": TEXTS, "max_length": TEXTS, "pattern": TEXTS}
"""Constraint -> types of which one has to be the input's."""
NAMES = {"pattern": "regex"}
"""Constraints whose argument of `Input(...)` has another name."""


def misfits(made: InputField) -> list[str]:
    """Take away constraints that the input's type cannot have, and say which: Cog refuses them, and so would pydantic."""
    parts = {part.strip() for part in re.sub(r"\[.*\]", "", made.annotation).split("|")}
    found = [name for name, types in TYPES.items() if name in made.constraints and not parts & types and not parts & {"list"}]
    for name in found:
        del made.constraints[name]
    return [
        f"`{NAMES.get(name, name)}` of `{made.name}` does not fit its type `{made.annotation}`, so that Cog refuses it" for name in found
    ]


def broken_by_default(made: InputField) -> str:
    """Which bound the default breaks, as Cog says when it builds the model; '' where it keeps them all."""
    try:
        default = ast.literal_eval(made.default or "None")
    except (ValueError, SyntaxError):
        return ""
    values = default if isinstance(default, list) else [default]
    for name, bound in made.constraints.items():
        if any(value is not None and _breaks(name, bound, value) for value in values):
            return f"{NAMES.get(name, name)}={bound!r}"
    return ""


def _breaks(name: str, bound: Any, value: Any) -> bool:
    number, text = isinstance(value, int | float), isinstance(value, str)
    match name:
        case "ge":
            return number and value < bound
        case "le":
            return number and value > bound
        case "min_length":
            return text and len(value) < bound
        case "max_length":
            return text and len(value) > bound
        case "pattern":
            return text and not next(_matches(str(bound), value), True)
        case "choices":
            return value not in bound
    return False


def _matches(pattern: str, value: str) -> Iterator[bool]:
    """Whether a pattern fits; nothing for one that Python cannot read."""
    try:
        yield re.match(pattern, value) is not None
    except re.error:
        return
