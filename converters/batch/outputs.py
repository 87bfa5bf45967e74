"""The files of an output as values: kept in the cache, sent by another machine, written as a conversion writes them."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from converters.batch.plan import Job
from converters.output import write_pieces
from converters.output.tree import Piece
from converters.reports.json import Document


@dataclass(frozen=True)
class Made:
    """A conversion's document and its output: path -> (permissions, bytes)."""

    document: Document
    files: dict[str, tuple[int, bytes]]

    def put(self, job: Job) -> Document:
        """Write the output of a job, which must not be there yet, and answer with the document as if it was made here.

        Raises `MigrateError` where it cannot be written, `ValueError` where a path leaves it.
        """
        if self.document["output"] is None:
            return self.placed(job, None)
        for path in self.files:
            if path.startswith("/") or ".." in path.split("/"):
                raise ValueError(f"the path {path!r} leaves the output")

        def pieces() -> dict[str, Piece]:
            return {path: Piece(data, mode=mode, executable=bool(mode & stat.S_IXUSR)) for path, (mode, data) in self.files.items()}

        return self.placed(job, write_pieces(job.root, pieces, job.output).path)

    def placed(self, job: Job, output: Path | None) -> Document:
        """The document with the paths of a job."""
        source = {**self.document["source"], "path": str(job.root.resolve())}
        return {**self.document, "source": source, "output": str(output) if output else None}

    def is_at(self, output: Path) -> bool:
        """Whether a folder holds this output and nothing else."""
        return files_of(output) == self.files


def files_of(output: Path) -> dict[str, tuple[int, bytes]]:
    """All files below a folder. Raises `OSError`."""
    found = sorted(path for path in output.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(output).as_posix(): (stat.S_IMODE(path.lstat().st_mode) & 0o777, _bytes(path)) for path in found}


def _bytes(path: Path) -> bytes:
    return b"\0a link" if path.is_symlink() else path.read_bytes()
