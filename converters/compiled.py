"""The last look at Python before it is written: what is added or modified compiles, and defines the names that it reads.

What the source did not do either is the source's own. Names are looked up in the tables of Python's own compiler, which know the syntax
of the Python that runs us: that needs no package, and takes no order of definitions for a fault.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable

from converters.outcome import FileChange
from converters.project import MAX_FILE, Project
from converters.python.applying import why_not
from converters.python.undefined import hides_names, undefined


class DoesNotCompile(Exception):
    """A file that this program made is no Python: a bug of ours, for which nothing may be written."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}. Nothing was written.")
        self.fault = fault
        """Which file, and what is wrong with it; no full stop."""


class NameNotDefined(DoesNotCompile):
    """A file that this program made reads a name that nothing defines: a bug of ours as well."""


def must_compile(files: Iterable[FileChange], source: Project | None = None) -> None:
    """Raises `DoesNotCompile` for the first file that Python refuses, or in which a name is not defined, although its source was right.

    ``source``: what was converted; a name that is not defined in any of its modules is its own.
    """
    own: set[str] | None = None
    for change in files:
        if change.data is None or change.action not in ("added", "modified") or not change.path.endswith(".py"):
            continue
        error = why_not(change.data)
        if error is not None and (change.before is None or why_not(change.before) is None):
            raise DoesNotCompile(f"{change.path} was made so that Python refuses it: {error}")
        found = {} if error is not None or _hides_names(change.before) else _undefined(change.data)
        if found and own is None:
            own = _of_source(source)
        before = _undefined(change.before or b"")
        if before.keys() - found.keys():
            continue  # a name that the source does not define was replaced, and what replaces it is no better defined
        missing = {name: line for name, line in found.items() if name not in (own or set()) | before.keys()}
        for name, line in missing.items():
            raise NameNotDefined(f"{change.path}:{line} was made with the name `{name}`, which nothing defines")


def _undefined(data: bytes) -> dict[str, int]:
    """The names of a file that nothing defines; none where Python refuses it."""
    if why_not(data) is not None:
        return {}
    try:
        return undefined(data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0]))
    except (SyntaxError, ValueError, RecursionError, LookupError):
        return {}


def _hides_names(data: bytes | None) -> bool:
    """Whether the names of the file that was changed cannot be told, so that what it defined may have gone with what hid it."""
    if data is None or why_not(data) is not None:
        return False
    try:
        return hides_names(data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0]))
    except (SyntaxError, ValueError, RecursionError, LookupError):
        return False


def _of_source(project: Project | None) -> set[str]:
    files = project.files.values() if project is not None else ()
    return {name for file in files if file.path.endswith(".py") and file.size <= MAX_FILE for name in _undefined(file.data)}
