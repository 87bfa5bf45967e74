"""Files in memory as a `Project`: what a conversion is about to write reads like a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from converters.outcome import FileChange
from converters.project import Project, SourceFile


def in_memory(path: str, data: bytes, *, executable: bool = False) -> SourceFile:
    """A file that stands nowhere on disk."""
    file = SourceFile(path, Path(path), len(data), executable)
    file.__dict__["data"] = data  # what the cached property would read
    return file


def project_of(changes: Iterable[FileChange], source: Project) -> Project:
    """The output of a conversion. Files that are too large to be held in memory are read from the `source`."""
    project = Project(root=source.root, links=dict(source.links), readings=source.readings)
    for change in changes:
        if change.action == "removed":
            continue
        if change.data is not None:
            project.files[change.path] = in_memory(change.path, change.data, executable=change.executable)
        elif change.path in source.files:
            project.files[change.path] = source.files[change.path]
    return project
