"""Functions of the project that a model calls while it works: ``pipe(image, callback=tell)`` is told of a step."""

from __future__ import annotations

import asyncio
import contextlib
import dis
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from . import frames

_NAMES = re.compile(r"(^|_)(callback|hook)($|_)")
_MOST = 8
"""How often a callback is called."""
_UNLIKE = (TypeError, ValueError, AttributeError, LookupError)
"""What a callback raises that wants something else of its arguments than a double is."""


def called_back(given: Mapping[str, Any], made: Callable[[str], Any]) -> None:
    """Call the project's functions among the keywords of a call, by whose names they are told of a step.

    Each is called once with doubles, which ``made`` gives for a parameter's name, and once for each text with which its code compares a
    parameter, which then is that text.
    """
    for keyword, function in given.items():
        if _NAMES.search(keyword) and frames.is_own(getattr(function, "__func__", function)) and not isinstance(function, type):
            _call(function, keyword, made)


def _call(function: Callable[..., Any], keyword: str, made: Callable[[str], Any]) -> None:
    if asyncio.iscoroutinefunction(function):
        return
    taken = _taken(function)
    for fixed in _fixed(getattr(function, "__func__", function).__code__, taken):
        with contextlib.suppress(*_UNLIKE):
            function(*[fixed.get(name) or made(f"{keyword}.{name}") for name in taken])


def _taken(function: Callable[..., Any]) -> list[str]:
    """The positional parameters that a callback must be given, and one for ``*args``."""
    parameters = inspect.signature(function).parameters.values()
    required = [one.name for one in parameters if one.kind < one.VAR_POSITIONAL and one.default is one.empty]
    return [*required, *(one.name for one in parameters if one.kind is one.VAR_POSITIONAL)]


def _fixed(code: CodeType, names: list[str]) -> list[dict[str, str]]:
    """Nothing, and each text that the code compares one of the names with."""
    found = {(name, text): None for name, text in _compared(code) if name in names}
    return [{}, *({name: text} for name, text in found)][:_MOST]


def _compared(code: CodeType) -> Iterator[tuple[str, str]]:
    steps = [step for step in dis.get_instructions(code) if step.opname != "CACHE"]
    for first, second, third in zip(steps, steps[1:], steps[2:], strict=False):
        if third.opname == "COMPARE_OP" and isinstance(second.argval, str) and first.opname.startswith("LOAD_FAST"):
            yield str(first.argval), second.argval
