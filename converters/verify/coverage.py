"""Which statements of the project's own files ran on each side."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping

from .certificate import Coverage
from .observe import Event
from .parsed import NO_PYTHON


def measured(source: Mapping[str, bytes], target: Mapping[str, bytes], before: list[Event], after: list[Event]) -> list[Coverage]:
    """For every Python file that ran on one side: its statements, and those that ran. Files are bytes by path."""
    ours, theirs = lines_run(source, before), lines_run(target, after)
    found = []
    for path in sorted(ours.keys() | (theirs.keys() & source.keys())):
        lines = _statements(source[path], path)
        ran, other = ours.get(path, set()) & lines, theirs.get(path, set())
        same = source[path] == target.get(path)
        found.append(
            Coverage(
                file=path,
                lines=len(lines),
                source=len(ran),
                target=len(other & (lines if same else _statements(target.get(path, b""), path))),
                never=sorted(lines - ran - other) if same else [],
            )
        )
    return found


def lines_run(files: Mapping[str, bytes], events: list[Event]) -> dict[str, set[int]]:
    """The lines of each file that ran, at whatever place of the image it lies."""
    found: dict[str, set[int]] = {}
    known: dict[str, str | None] = {}
    for event in events:
        if event.kind == "line":
            if event.text not in known:
                known[event.text] = _project_path(event.text, files)
            path = known[event.text]
            if path is not None:
                found.setdefault(path, set()).add(event.line)
    return found


def _project_path(filename: str, files: Iterable[str]) -> str | None:
    """The file of the project that lies at this place of the image: the longest path that ends alike."""
    return max((path for path in files if ("/" + filename).endswith("/" + path)), key=len, default=None)


def _statements(data: bytes, path: str) -> set[int]:
    try:
        codes = [compile(data, path, "exec", dont_inherit=True)]
    except NO_PYTHON:
        return set()
    found: set[int] = set()
    while codes:
        code = codes.pop()
        found.update(line for _, _, line in code.co_lines() if line)
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return found


def ranges(lines: list[int]) -> str:
    """Lines as a person writes them: ``lines 3, 7-9``."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return "lines " + ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)
