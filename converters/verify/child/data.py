"""Doubles where Python itself asks for bytes: encoders, buffers, digests and files that are written."""

from __future__ import annotations

import base64
import binascii
import builtins
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

from . import files, frames
from .expression import Double


def install() -> None:
    """Let the standard library's functions take doubles for bytes."""
    for module, names in (
        (base64, ("b64encode", "standard_b64encode", "urlsafe_b64encode", "b32encode", "encodebytes")),
        (binascii, ("b2a_base64", "hexlify")),
        (hashlib, ("md5", "sha1", "sha256", "sha512")),
    ):
        for name in names:
            setattr(module, name, _of_bytes(getattr(module, name)))
    decode = base64.b64decode
    base64.b64decode = lambda s, *args, **kwargs: bytes(s) if isinstance(s, Double) else decode(s, *args, **kwargs)  # what it holds
    io.BytesIO = Buffer  # type: ignore[misc]
    original = builtins.open

    def opened(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:
        found = original(file.text if isinstance(file, Double) else file, mode, *args, **kwargs)
        return _Written(found.detach()) if type(found) is io.BufferedWriter else found

    builtins.open = io.open = opened
    loads = json.loads

    def decoded(s: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(s, Double):
            return Double(f"json.loads({s.text})")
        if isinstance(s, bytes) and (expression := files.expression_of(s)) and frames.asked_by_project():
            return Double(f"json.loads({expression})")
        found = loads(s, *args, **kwargs)
        made_up = type(found) is dict and found.keys() == {files.STAND_IN} and frames.asked_by_project()
        return Double(f"json.loads({found[files.STAND_IN]})") if made_up else found

    json.loads = decoded
    _convert_in_builtins()


def _convert_in_builtins() -> None:
    """``next``: not a method, because pydantic takes what has both ``__iter__`` and ``__next__`` for an iterator, not for text."""
    following, code_point = builtins.next, builtins.ord

    def next_item(iterator: Any, *default: Any) -> Any:
        return Double(f"next({iterator.text})") if isinstance(iterator, Double) else following(iterator, *default)

    def number(character: Any) -> int:
        return code_point(character.text[0]) if isinstance(character, Double) else code_point(character)

    builtins.next = next_item
    builtins.ord = number


def _of_bytes(function: Callable[..., Any]) -> Callable[..., Any]:
    def taking(*args: Any, **kwargs: Any) -> Any:
        return function(*(bytes(value) if isinstance(value, Double) else value for value in args), **kwargs)

    taking.__name__ = function.__name__
    return taking


class _AnyBytes(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _BytesIO)


_BytesIO = io.BytesIO


class Buffer(_BytesIO, metaclass=_AnyBytes):  # type: ignore[metaclass]
    """``io.BytesIO`` that takes doubles."""

    def __init__(self, initial_bytes: Any = b"") -> None:
        super().__init__(bytes(initial_bytes) if isinstance(initial_bytes, Double) else initial_bytes)

    def write(self, data: Any) -> int:
        return super().write(bytes(data) if isinstance(data, Double) else data)


class _Written(io.BufferedWriter):
    """A file that takes doubles."""

    def write(self, data: Any) -> int:
        return super().write(bytes(data) if isinstance(data, Double) else data)
