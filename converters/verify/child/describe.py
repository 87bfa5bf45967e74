"""Values as text that is the same on both sides: no addresses, no names of temporary files, no places of this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import tempfile
from pathlib import Path, PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

LONGEST = 600
"""Characters of a text; what is longer has a digest of the whole in place of its middle."""
_TAIL = 120
roots: list[tuple[str, str]] = []
"""Folders and what they stand for on this side, longest first: the project's own, the volume, the cache of models."""
_DEPTH = 6
_PATH = re.compile(r"(?<![\w:/.])/[\w.@%+~-]+(?:/[\w.@%+~-]+)+")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_MADE_UP = re.compile(r"(?<![A-Za-z0-9])tmp[a-z0-9_]{8}")
"""What ``tempfile`` puts before or for a name."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Expression:
    """What is known by the expression that made it, which is its description."""

    __slots__ = ()
    text: str


def shortened(text: str) -> str:
    """The text itself, or its beginning, a digest, and its end, which says what was asked for last."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - _TAIL - 20]}…#{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:16]}…{text[-_TAIL:]}"


def described(value: Any, depth: int = 0) -> str:
    """A Python-like text for a value that is passed to a call."""
    kind = type(value)
    if isinstance(value, Expression):
        return value.text
    if kind is str:
        return shortened(repr(placed(value)))
    if kind is float and value.is_integer():
        return repr(int(value))  # JSON knows one kind of number
    if value is None or kind in (bool, int, float, complex):
        return repr(value)
    if isinstance(value, PurePath):
        return shortened(repr(placed(str(value))))
    if isinstance(value, str):
        return shortened(repr(placed(str.__str__(value))))
    if kind in (bytes, bytearray, memoryview):
        return _digested("bytes", bytes(value))
    if depth > _DEPTH:
        return "…"
    if kind is dict or isinstance(value, dict):
        pairs = sorted(f"{described(key, depth + 1)}: {described(item, depth + 1)}" for key, item in value.items())
        return shortened("{" + ", ".join(pairs) + "}")
    if kind is list or kind is tuple:
        inner = ", ".join(described(item, depth + 1) for item in value)
        return shortened(f"[{inner}]" if kind is list else f"({inner})")
    if kind in (set, frozenset):
        return shortened("{" + ", ".join(sorted(described(item, depth + 1) for item in value)) + "}")
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        return f"<function {getattr(value, '__name__', '?')}>"
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, ModuleType):
        return value.__name__
    return shortened(_object(value, depth))


def subscript(key: Any) -> str:
    """The text of what stands between the brackets of an item: ``3`` or ``1:5``."""
    if isinstance(key, slice):
        return ":".join("" if part is None else described(part) for part in (key.start, key.stop, key.step))
    return described(key)


def is_temporary(path: str) -> bool:
    """Whether a path is that of a temporary file."""
    return path.startswith(("/tmp/", "/var/tmp/", f"{tempfile.gettempdir()}/"))


def written(value: Any) -> str:
    """The text of an argument of a call that writes: what lies at a path so far does not matter."""
    if isinstance(value, (str, PurePath)) and is_temporary(str(value)):
        return f"<temporary file{os.path.splitext(str(value))[1]}>"
    return described(value)


def _object(value: Any, depth: int) -> str:
    kind = type(value)
    if hasattr(value, "tobytes") and hasattr(value, "size"):
        return _digested(f"{kind.__name__} {value.size}", value.tobytes())
    if hasattr(value, "getvalue"):
        found = value.getvalue()
        return _digested(kind.__name__, found if isinstance(found, bytes) else str(found).encode())
    name = getattr(value, "name", None)
    if hasattr(value, "read") and isinstance(name, str):
        return f"{kind.__name__}({placed(name)!r})"
    if isinstance(value, BaseException):
        return f"{kind.__name__}({', '.join(described(item, depth + 1) for item in value.args)})"
    if dataclasses.is_dataclass(value):
        pairs = (f"{field.name}={described(getattr(value, field.name, None), depth + 1)}" for field in dataclasses.fields(value))
        return f"{kind.__name__}({', '.join(pairs)})"
    if hasattr(value, "model_dump"):
        return f"{kind.__name__}({described(dict(value), depth + 1)})"
    return f"<{kind.__name__}>"


def _digested(kind: str, data: bytes) -> str:
    return f"<{kind}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}>"


def placed(text: str) -> str:
    """A path without what differs between the sides: an existing temporary file is named by its content."""
    text = _UUID.sub("<uuid>", text)
    if not text.startswith(("/tmp/", "/var/tmp/", tempfile.gettempdir() + "/")):
        text = _MADE_UP.sub("", text)
    if not text.startswith("/") or " " in text:
        return _PATH.sub(lambda found: placed(found.group()), _ADDRESS.sub("", text)) if "/" in text else text
    for root, label in roots:
        if text == root or text.startswith(root + "/"):
            return label + text[len(root) :]
    if text.startswith((tempfile.gettempdir() + "/", "/tmp/", "/var/tmp/")):
        suffix = os.path.splitext(text)[1]
        try:
            return f"<temporary file: sha256 {hashlib.sha256(Path(text).read_bytes()).hexdigest()[:12]}{suffix}>"
        except OSError:
            return f"<temporary {'folder' if os.path.isdir(text) else 'file'}{suffix}>"
    return text
