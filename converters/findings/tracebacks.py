"""The frames of a program's own traceback, as places in its project."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from converters.findings.finding import Evidence

_FRAME = re.compile(r'^[ |+]*File "([^"]+)", line (\d+)(?:, in (.+))?')
_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib/python3|^<")
_SAID = re.compile(r"(?<![\w./-])([\w./-]+\.py):(\d+)(?!\d)")
"""A place in the words of a message: `app.py:26: KeyError`."""


def frames(lines: Iterable[str], names: Collection[str]) -> tuple[Evidence, ...]:
    """The frames that stand in files of the project, outermost first, each with its line of code and its function."""
    given = list(lines)
    found = []
    for at, line in enumerate(given):
        match = _FRAME.match(line)
        name = owner(match[1], names) if match else ""
        if match and name:
            code = given[at + 1].strip() if at + 1 < len(given) and not _FRAME.match(given[at + 1]) else ""
            found.append(Evidence(f"{code or 'called'} (in {match[3] or '<module>'})", name, int(match[2])))
    return tuple(found)


def said(text: str, names: Collection[str]) -> Evidence | None:
    """The first place of the project that a message names."""
    places = (Evidence(text, owner(match[1], names), int(match[2])) for match in _SAID.finditer(text))
    return next((place for place in places if place.file), None)


def owner(path: str, names: Collection[str]) -> str:
    """The file of the project that a path of a runner ends with, the longest one; '' for a library's."""
    if _LIBRARY.search(path):
        return ""
    ends = [name for name in names if f"/{path}".endswith(f"/{name}")]
    return max(ends, key=len, default="")
