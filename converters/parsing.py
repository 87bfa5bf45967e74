"""Whether the parser of its language takes a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from converters.python.applying import why_not

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def refusal(path: str, data: bytes) -> str:
    """What the parser of its language says of a file; '' where it takes it, and where there is none."""
    parser = _PARSERS.get(PurePosixPath(path).suffix)
    return parser(data) if parser is not None else ""


def _python(source: bytes) -> str:
    error = why_not(source)
    return "" if error is None else str(error).replace("(source, line", "(line")


def _toml(source: bytes) -> str:
    try:
        tomllib.loads(source.decode())
    except ValueError as error:  # of the encoding, too
        return str(error)
    return ""


def _json(source: bytes) -> str:
    try:
        json.loads(source)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


_PARSERS: Mapping[str, Callable[[bytes], str]] = {".py": _python, ".toml": _toml, ".json": _json}
