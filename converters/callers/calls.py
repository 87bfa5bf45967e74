"""The text of a call of `fal_client`, in the layout of the call that it takes the place of."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from converters.callers.flow import Flow, Moved, Part
from converters.concepts.literals import string

LIFECYCLE = "X-Fal-Object-Lifecycle-Preference"
"""The header that says how long the files of a request are kept, and who may read them."""
MAKE_FILES = ("subscribe", "submit", "stream", "subscribe_async", "submit_async", "stream_async")
Argument = tuple[str, tuple[Part, ...]]
"""A keyword ('' for a positional argument) and its value."""


def call(flow: Flow, node: ast.Call, function: str, arguments: Sequence[Argument]) -> tuple[Part, ...]:
    """`fal_client.<function>(...)`, one argument a line where the source has it so."""
    module = flow.module
    if flow.apps.preference and function in MAKE_FILES:
        arguments = [*arguments, ("headers", (f"{{{string(LIFECYCLE)}: {string(flow.apps.preference)}}}",))]
    first = min((*node.args, *(keyword.value for keyword in node.keywords)), key=lambda one: one.lineno, default=None)
    broken = first is not None and first.lineno > (node.func.end_lineno or 0)
    parts: list[Part] = [f"fal_client.{function}("]
    inner = module.newline + indentation(flow, first.lineno) if first is not None and broken else ""
    outer = module.newline + indentation(flow, node.end_lineno or node.lineno) if broken else ""
    for number, (keyword, value) in enumerate(arguments):
        parts += [inner or (" " if number else ""), f"{keyword}=" if keyword else "", *value]
        parts.append("," if broken or number < len(arguments) - 1 else "")
    return tuple(part for part in (*parts, outer, ")") if part != "")


def indentation(flow: Flow, line: int) -> str:
    """The white space at the start of a line."""
    text = flow.module.lines[line - 1]
    return text[: len(text) - len(text.lstrip())].rstrip("\r\n")


def unwrapped(flow: Flow, inner: ast.expr, outer: ast.expr) -> Part:
    """A value without the braces around it: its lines move left as far as the braces stood."""
    shift = len(indentation(flow, inner.lineno)) - len(indentation(flow, outer.lineno))
    return Moved(inner, shift) if shift > 0 and not has_long_string(flow, inner) else inner


def has_long_string(flow: Flow, node: ast.expr) -> bool:
    """Whether a string in an expression spans lines, so that their indentation means something."""
    strings = (inner for inner in ast.walk(node) if isinstance(inner, ast.Constant | ast.JoinedStr))
    return any(inner.end_lineno != inner.lineno for inner in strings)
