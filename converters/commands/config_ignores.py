"""`[[tool.fal-migrate.ignore]]`: findings that a project has passed over, for files that have no comments, such as hub.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from converters.commands.config_lines import TABLE, line_of
from converters.errors import UsageError
from converters.options import Ignore
from converters.targets.overrides import suppressible

KEYS = ("rules", "reason", "file")


def ignores(file: Path, text: str, stated: Sequence[Mapping[str, Any]]) -> tuple[Ignore, ...]:
    """The entries of a pyproject.toml whose text is given. Raises `UsageError`, with the line, for one that does not hold."""
    found = []
    for number, entry in enumerate(stated):
        at = line_of(text, "ignore", number=number) or line_of(text) or 1
        try:
            found.append(_entry(entry, at))
        except UsageError as error:
            raise UsageError(f"[[tool.{TABLE}.ignore]] {error.message}", hint=error.hint, file=str(file), line=at) from error
    return tuple(found)


def meant(key: str, known: Iterable[str]) -> str:
    """What a key that nobody knows may have been meant to be."""
    close = get_close_matches(key.lower().replace("_", "-"), known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(sorted(known))}."


def _entry(entry: Mapping[str, Any], at: int) -> Ignore:
    for key in entry:
        if key not in KEYS:
            raise UsageError(f"has the unknown key {key!r}.", hint=meant(key, KEYS))
    codes, reason, file = entry.get("rules"), entry.get("reason"), entry.get("file", "")
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise UsageError("names no rules.", hint='Give rules = ["CODE"].')
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError("gives no reason.", hint='Say why: reason = "...".')
    if not isinstance(file, str):
        raise UsageError(f"file is {file!r}.", hint="Give the path of a file of the project.")
    return Ignore(suppressible(codes, everywhere=not file), reason.strip(), file, at, said_in="pyproject.toml")
