"""Which line of the user's own code a traceback leads to, as ``file:line``."""

from __future__ import annotations

import os
import re
import sysconfig
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

_LIBRARIES = tuple({f"{os.path.realpath(sysconfig.get_path(name))}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = f"{os.path.realpath(Path(__file__).parent)}/"
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)', re.MULTILINE)


def of_error(error: BaseException, roots: Sequence[str]) -> str | None:
    """The innermost line of the user's own code that an exception passed, or the one that a SyntaxError is about.

    Files below one of the ``roots`` are named by their path there, others by their name. None where no code of the user's was involved.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, roots)}:{error.lineno}"
    return _innermost([(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)], roots)


def of_traceback(text: str, roots: Sequence[str]) -> str | None:
    """The same for a traceback that is known as text."""
    return _innermost([(name, int(line)) for name, line in _FRAME.findall(text)], roots)


def _innermost(frames: Iterable[tuple[str, int]], roots: Sequence[str]) -> str | None:
    own = [(name, line) for name, line in frames if _is_own(name)]
    return f"{_relative(own[-1][0], roots)}:{own[-1][1]}" if own else None


def _is_own(filename: str) -> bool:
    """Whether a file is neither a library's nor the interpreter's nor ours; code such as ``<string>`` has no file at all."""
    real = os.path.realpath(filename)
    packaged = "/site-packages/" in filename or "/dist-packages/" in filename
    return not (filename.startswith("<") or packaged or real.startswith((*_LIBRARIES, _OURS)))


def _relative(filename: str, roots: Sequence[str]) -> str:
    for root in roots:
        if filename.startswith(f"{root.rstrip('/')}/"):
            return os.path.relpath(filename, root)
    return Path(filename).name
