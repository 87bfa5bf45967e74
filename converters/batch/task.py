"""What a worker of a batch does, here or elsewhere: one unit is converted and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.errors import ExitCode, MigrateError
from converters.reports.json import Document, failure


@dataclass(frozen=True)
class Task:
    """What a worker is given."""

    root: Path
    typed: dict[str, Any]
    entry: str


def convert_task(task: Task) -> Document:
    """In a worker: convert and write one unit, and answer with its document."""
    from converters.commands.arguments import request_of
    from converters.commands.convert import perform

    try:
        request = request_of(task.root, unit=task.entry, **task.typed)
    except MigrateError as error:
        return failure(task.root, "unreadable" if error.code is ExitCode.UNREADABLE else "refused", error, error.code)
    return perform(request).document
