"""What an expression is as text, numbers, bytes and pictures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from . import files
from .answers import ITEMS
from .describe import Expression, shortened

_ENCODED = re.compile(r"(?i)encode|buffer|render|download|response")
_TEXTUAL = (
    "strip", "lstrip", "rstrip", "lower", "upper", "replace", "startswith", "endswith", "isdigit", "isalpha", "isalnum", "isnumeric",
    "isspace", "istitle", "islower", "isupper", "isidentifier", "isprintable", "isdecimal", "isascii", "title", "capitalize", "casefold",
    "swapcase", "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "expandtabs",
)  # fmt: skip
"""Methods of ``str`` that work on the text; the others of them are as likely a model's own (``tokenizer.encode``, ``image.split``)."""


class Contents(Expression):
    """An expression as values of Python's own: all follow from its text."""

    __slots__ = ()

    def __str__(self) -> str:
        return _left(self.text)

    def __repr__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        if spec and spec[-1] in "eEfFgG%":
            return format(float(self), spec)
        return format(int(self), spec) if spec and spec[-1] in "bcdoxXn," else _left(format(self.text, spec))

    def __int__(self) -> int:
        return 1 + _number(self.text) % 8

    __index__ = __trunc__ = __floor__ = __ceil__ = __int__

    def __float__(self) -> float:
        return _fraction(self.text)

    def __complex__(self) -> complex:
        return complex(float(self))

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self), digits)

    def __bytes__(self) -> bytes:
        return files.content(self.text, ".png")

    def read(self, *args: Any) -> bytes:
        """Of a file or a response: read once, then at its end."""
        if self.__dict__.get("__read__"):
            return b""
        self.__dict__["__read__"] = True
        return bytes(self)

    def tobytes(self, *args: Any, **kwargs: Any) -> bytes:
        """Of a picture, its pixels; of what an encoder gave, a file."""
        return bytes(self) if _ENCODED.search(self.text) else files.pixels(self.text)

    def getvalue(self, *args: Any, **kwargs: Any) -> bytes:
        """Of a buffer."""
        return bytes(self)

    getbuffer = to_bytes = getvalue

    def item(self, *args: Any) -> float:
        """Of an array with one value."""
        return float(self)

    def tolist(self) -> list[float]:
        """Of an array."""
        return [_fraction(shortened(f"{self.text}[{at}]")) for at in range(ITEMS)]

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {
            "shape": (files.SIZE, files.SIZE, 3),
            "typestr": "|u1",
            "version": 3,
            "strides": (files.SIZE * 3, 3, 1),
            "data": files.pixels(self.text),
        }


_texts: dict[str, None] = {}
"""Texts that code made of expressions, the latest of them."""
_MOST = 4000


def _left(text: str) -> str:
    if len(_texts) >= _MOST:
        del _texts[next(iter(_texts))]
    _texts[text] = None
    return text


def is_made_of_expression(text: str) -> bool:
    """Whether a text is, or begins with, what code made of an expression: ``entry.replace("/abs/", "/pdf/")``, ``f"{entry}.zip"``."""
    return text in _texts or any(text.startswith(known) for known in _texts if len(known) >= _TELLING)


_TELLING = 5
"""Characters of an expression below which a text may begin with it by chance."""


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest()[:4], "big")


def _fraction(text: str) -> float:
    return (1 + _number(text) % 999) / 1000


def _textual(name: str) -> Callable[..., Any]:
    original = getattr(str, name)

    def method(self: Contents, *args: Any, **kwargs: Any) -> Any:
        made = original(self.text, *args, **kwargs)
        return _left(made) if type(made) is str else made

    return method


for _name in _TEXTUAL:
    setattr(Contents, _name, _textual(_name))
