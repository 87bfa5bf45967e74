"""A second run into an existing output: the edits that a person made since the last run stay (3-way merge, file by file)."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from converters.errors import UsageError
from converters.output.base import KEPT, Base
from converters.output.merge import has_markers, merge
from converters.output.tree import Piece, digest_on_disk
from converters.parsing import refusal
from converters.review.binary import is_binary


@dataclass(frozen=True)
class Conflict:
    """A file that both a person and this run changed."""

    path: str
    message: str
    marked: bool = False
    """Markers stand in the file."""


@dataclass
class Renewal:
    """What the output comes to hold: files to write, and entries of the old output to carry over as they are."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    carried: dict[str, Path] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    """Files in which a person's edits were kept, or which stay deleted."""

    def equals(self, current: Mapping[str, Path]) -> bool:
        """Whether nothing has to be written at all."""
        if {*self.pieces, *self.carried} != set(current):
            return False
        carried = all(current[path] == entry for path, entry in self.carried.items())
        return carried and all(digest_on_disk(current[path]) == piece.digest for path, piece in self.pieces.items())


def renew(generated: Mapping[str, Piece], base: Base, current: Mapping[str, Path]) -> Renewal:
    """Merge what this run generated with what stands in the output now (`entries(output)`)."""
    renewal = Renewal()
    for path in sorted({*generated, *current}):
        new, now = generated.get(path), current.get(path)
        if now is None and new is not None:
            _absent(renewal, path, base, new)
        elif now is not None and new is None:
            _no_longer_generated(renewal, path, base, now)
        elif now is not None and new is not None:
            _both(renewal, path, base, now, new)
    _part_collisions(renewal)
    return renewal


def refuse_unresolved(generated: Mapping[str, Piece], current: Mapping[str, Path]) -> None:
    """Raises `UsageError` where markers of an earlier renewal still stand in the output."""
    for path, entry in current.items():
        status = entry.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > KEPT or not has_markers(entry.read_bytes()):
            continue
        if path not in generated or generated[path].digest != digest_on_disk(entry):
            hint = "Look for <<<<<<< and choose, then run again. Nothing was written."
            raise UsageError("holds the conflict markers of an earlier run.", file=str(entry), hint=hint)


def is_base_of(base: Base, current: Mapping[str, Path]) -> bool:
    """Whether the folder can be what the base was kept for: a folder without any of its files was made by somebody else."""
    return any(path in base.digests for path in current)


def _absent(renewal: Renewal, path: str, base: Base, new: Piece) -> None:
    known = base.digests.get(path)
    if known == new.digest:
        renewal.edited.append(path)
        return
    renewal.pieces[path] = new
    if known is not None:
        renewal.conflicts.append(Conflict(path, "you deleted it and this run changes it: it was written again."))


def _no_longer_generated(renewal: Renewal, path: str, base: Base, now: Path) -> None:
    known = base.digests.get(path)
    if known is not None and known == digest_on_disk(now):
        return
    renewal.carried[path] = now
    if known is not None:
        renewal.conflicts.append(Conflict(path, "you changed it and this run no longer writes it: yours was kept."))


def _both(renewal: Renewal, path: str, base: Base, now: Path, new: Piece) -> None:
    known, present = base.digests.get(path), digest_on_disk(now)
    if present == new.digest:
        renewal.carried[path] = now
    elif present == known:
        renewal.pieces[path] = new
    elif known == new.digest:
        renewal.carried[path] = now
        renewal.edited.append(path)
    else:
        _merge(renewal, path, base.content(path) if known else b"", now, new)


def _merge(renewal: Renewal, path: str, old: bytes | None, now: Path, new: Piece) -> None:
    texts = [] if old is None else _texts(old, now, new)
    if not texts:
        _keep_both(renewal, path, now, new, "you changed it and so does this run")
        return
    merged = merge(*texts)
    refused = None if merged.conflicts else _refusal(path, texts, merged.data)
    if refused is not None:
        _keep_both(renewal, path, now, new, f"your changes and this run's together cannot be parsed ({refused})")
        return
    renewal.pieces[path] = Piece(merged.data, mode=stat.S_IMODE(now.stat().st_mode) & 0o777, executable=new.executable)
    renewal.edited.append(path)
    if merged.conflicts:
        places = "1 place" if merged.conflicts == 1 else f"{merged.conflicts} places"
        message = f"you and this run changed the same lines in {places}: look for <<<<<<< and choose."
        renewal.conflicts.append(Conflict(path, message, marked=True))


def _keep_both(renewal: Renewal, path: str, now: Path, new: Piece, why: str) -> None:
    beside = free_name(f"{path}.new", {*renewal.pieces, *renewal.carried})
    renewal.carried[path], renewal.pieces[beside] = now, new
    renewal.conflicts.append(Conflict(path, f"{why}: yours was kept, the new one is {beside}."))


def _refusal(path: str, texts: Sequence[bytes], merged: bytes) -> str | None:
    """What the parser of its language says of a merge of two files that it accepts; None where it accepts that, too."""
    if any(refusal(path, text) for text in texts[1:]):
        return None
    return refusal(path, merged) or None


def _texts(old: bytes, now: Path, new: Piece) -> list[bytes]:
    """Base, yours and generated, where all three are text of a size to merge."""
    if not stat.S_ISREG(now.lstat().st_mode) or max(now.stat().st_size, new.size) > KEPT:
        return []
    texts = [old, now.read_bytes(), new.read()]
    return [] if any(is_binary(text) for text in texts) else texts


def _part_collisions(renewal: Renewal) -> None:
    """Give a carried entry another name where this run needs a folder in its place, or a file in place of its folder."""
    folders = {str(parent) for path in renewal.pieces for parent in PurePosixPath(path).parents}
    for path in list(renewal.carried):
        if path in folders or any(str(parent) in renewal.pieces for parent in PurePosixPath(path).parents):
            name = free_name(path.replace("/", "--") + ".old", {*renewal.pieces, *renewal.carried, *folders})
            renewal.carried[name] = renewal.carried.pop(path)
            renewal.conflicts.append(Conflict(path, f"this run writes something else in its place: yours is now {name}."))


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of name2, name3 ... that is not taken."""
    names = set(taken)
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name}{number}"
    return candidate
