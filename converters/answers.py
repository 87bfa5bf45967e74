"""The plan of a review: what a person answered to each proposed change. It replays without a terminal, in CI too.

A file of JSON (`reports/plan.schema.json`). Only `id`, `decision`, `text` and `why` decide; the rest is for its reader.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from converters.errors import UsageError

VERSION = 1
Decision = Literal["accept", "reject", "edit"]
DECISIONS: tuple[Decision, ...] = ("accept", "reject", "edit")
_HINT = "Write it with --review."


@dataclass(frozen=True)
class Answer:
    """What a person decided of one proposal."""

    decision: Decision
    text: bytes = b""
    """What is written in its place, for `edit`."""
    why: str = ""
    """The reason of a rejection, where one is given."""


Answers = Mapping[str, Answer]
"""By the id of the proposal."""


@dataclass(frozen=True)
class Entry:
    """An answer as it stands in the file, with what helps to read it."""

    id: str
    answer: Answer
    file: str
    line: int
    rules: tuple[str, ...]


def load(path: Path) -> dict[str, Answer]:
    """The answers of a file. Raises `UsageError` where it is missing, or is no plan."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise UsageError("is not there.", file=str(path), hint=_HINT) from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}.", file=str(path), hint="Check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no JSON: {error}.", file=str(path), hint=_HINT) from error
    if not isinstance(document, dict) or not isinstance(document.get("answers"), list):
        raise UsageError("is no plan of a review: it has no list `answers`.", file=str(path), hint=_HINT)
    if document.get("version") != VERSION:
        raise UsageError(f"is a plan of version {document.get('version')!r}, and known is {VERSION}.", file=str(path), hint=_HINT)
    found: dict[str, Answer] = {}
    for number, entry in enumerate(document["answers"], 1):
        id, answer = _entry(entry, f"answer {number}", path)
        if id in found:
            raise UsageError(f"answer {number} speaks of {id}, which is answered already.", file=str(path), hint="Remove one of them.")
        found[id] = answer
    return found


def save(path: Path, entries: Iterable[Entry]) -> None:
    """Write a plan, which is there as a whole or not at all. Raises `UsageError` where the system refuses."""
    document = {"version": VERSION, "answers": [_plain(entry) for entry in entries]}
    text = json.dumps(document, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text)
        Path(part).replace(path)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=str(path), hint="Choose another --plan.") from error


def _entry(entry: Any, what: str, path: Path) -> tuple[str, Answer]:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
        raise UsageError(f"{what} names no change by its `id`.", file=str(path), hint=_HINT)
    decision, text, why = entry.get("decision"), entry.get("text", ""), entry.get("why", "")
    if decision not in ("accept", "reject", "edit"):
        raise UsageError(f"{what} decides {decision!r}.", file=str(path), hint=f"Give one of {', '.join(DECISIONS)}.")
    if not isinstance(text, str) or not isinstance(why, str):
        raise UsageError(f"{what} has a `text` or `why` that is no string.", file=str(path), hint=_HINT)
    if decision == "edit" and "text" not in entry:
        raise UsageError(f"{what} edits, and has no `text`.", file=str(path), hint=_HINT)
    try:
        return entry["id"], Answer(decision, text.encode("utf-8", "surrogateescape"), why)
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} has a `text` that is no text.", file=str(path), hint=_HINT) from error


def _plain(entry: Entry) -> dict[str, Any]:
    answer = entry.answer
    edited = {"text": answer.text.decode("utf-8", "surrogateescape")} if answer.decision == "edit" else {}
    reason = {"why": answer.why} if answer.why else {}
    place = {"file": entry.file, "line": entry.line, "rules": list(entry.rules)}
    return {"id": entry.id, "decision": answer.decision, **edited, **reason, **place}
