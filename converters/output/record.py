"""What an output was made from, as `migrate status` compares it with what is there now: kept beside the base of the merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converters import __version__
from converters.outcome import Converted
from converters.output.digests import digest
from converters.output.tree import Piece
from converters.project import MAX_FILE, Project, SourceFile, open_project


@dataclass(frozen=True)
class Asked:
    """What a person typed to convert: the path, and the options that decide the result, as JSON has them."""

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    """Another command than `migrate PATH`."""


@dataclass(frozen=True)
class Record:
    """A record that is whole."""

    path: Path
    """What was given to `migrate`."""
    options: Mapping[str, Any]
    command: str
    version: str
    """Of this program."""
    sources: Mapping[str, str]
    """The files of the source, by path, each with what tells its content."""


def record_of(converted: Converted, asked: Asked, pieces: Mapping[str, Piece]) -> dict[str, Any]:
    """The record of a run, for a file."""
    copied = {
        change.path: pieces[change.path].digest for change in converted.files if change.action == "copied" and change.data is not None
    }
    return {
        "path": str(asked.path.absolute()),
        "options": dict(asked.options),
        "command": asked.command,
        "version": __version__,
        "sources": sources(open_project(converted.root), copied),
    }


def read_record(stored: Mapping[str, Any]) -> Record | None:
    """The record in what was stored; None for one of an older program, or a damaged one."""
    match stored:
        case {"path": str(path), "options": dict(options), "command": str(command), "version": str(version), "sources": dict(files)}:
            return Record(Path(path), options, command, version, files)
    return None


def sources(project: Project, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """What tells the content of each file; `known` are digests that need not be taken again."""
    return {path: (known or {}).get(path) or _told(file) for path, file in project.files.items()}


def _told(file: SourceFile) -> str:
    return digest(file.data) if file.size <= MAX_FILE else f"{file.size}:{file.location.stat().st_mtime_ns}"
