"""What changed of an output since it was made, and on which side: by hand in it, or in what a run would generate now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from converters.output.base import Base
from converters.output.renew import Conflict, renew
from converters.output.tree import Piece, digest_on_disk, entries
from converters.project import IGNORED_FILES, IGNORED_FOLDERS


@dataclass(frozen=True)
class Delta:
    """The files of one side, by what became of them; each sorted."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)


@dataclass(frozen=True)
class Renewed:
    """What the next run would make of the output."""

    generated: Delta
    """What it would generate otherwise than the last one did."""
    written: tuple[str, ...]
    """Files of the output that would be other ones, or new."""
    removed: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def delta(before: Mapping[str, str], after: Mapping[str, str]) -> Delta:
    """What is different between two states, by path; the values tell the contents."""
    both = before.keys() & after.keys()
    return Delta(
        tuple(sorted(path for path in both if before[path] != after[path])),
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
    )


def by_hand(output: Path, base: Base) -> Delta:
    """What a person did to the output; what running it leaves behind does not count."""
    present = {path: digest_on_disk(entry) for path, entry in entries(output).items() if path in base.digests or not _is_litter(path)}
    return delta(base.digests, present)


def next_run(output: Path, base: Base, pieces: Mapping[str, Piece]) -> Renewed:
    """What a run would come to that generates these files: nothing is written."""
    current = entries(output)
    renewal = renew(pieces, base, current)
    generated = delta(base.digests, {path: piece.digest for path, piece in pieces.items()})
    written = [path for path, piece in renewal.pieces.items() if path not in current or digest_on_disk(current[path]) != piece.digest]
    removed = current.keys() - renewal.pieces.keys() - renewal.carried.keys()
    return Renewed(generated, tuple(sorted(written)), tuple(sorted(removed)), tuple(renewal.conflicts))


def _is_litter(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[-1] in IGNORED_FILES or any(part in IGNORED_FOLDERS for part in parts[:-1])
