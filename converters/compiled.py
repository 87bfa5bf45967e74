"""The last look at Python before it is written: what is added or modified compiles, unless its source did not either."""

from __future__ import annotations

from collections.abc import Iterable

from converters.outcome import FileChange
from converters.python.applying import why_not


class DoesNotCompile(Exception):
    """A file that this program made is no Python: a bug of ours, for which nothing may be written."""


def must_compile(files: Iterable[FileChange]) -> None:
    """Raises `DoesNotCompile` for the first file that Python refuses although its source was right."""
    for change in files:
        if change.data is None or change.action not in ("added", "modified") or not change.path.endswith(".py"):
            continue
        error = why_not(change.data)
        if error is not None and (change.before is None or why_not(change.before) is None):
            raise DoesNotCompile(f"{change.path} was made so that Python refuses it: {error}. Nothing was written.")
