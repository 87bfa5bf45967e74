"""What a review decides: the changes of a conversion, each by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from converters.lines import Opcode, edits, lines_of
from converters.outcome import FileChange, Hunk
from converters.review.binary import is_binary

GUIDES = ("MIGRATION.md", "MIGRATION-fal.md")
"""Files that tell what came of the review, and so are no part of it."""
Span = tuple[int, int, int, int]
"""Old lines, then new lines: first and behind the last, counted from 0."""
_DIGITS = 12
_ALIKE = 0.6
_MOST_COMPARED = 2500
"""Pairs of lines of one change that are compared."""


@dataclass(frozen=True)
class Proposal:
    """Lines of a file that others take the place of, or a file that is added."""

    id: str
    """By content: the file's path, the old and the new lines, and which one of several that are equal."""
    path: str
    start: int
    end: int
    """The old lines, counted from 0, without the last."""
    new_start: int
    new_end: int
    old: bytes
    new: bytes
    reasons: tuple[Hunk, ...]
    whole: bool = False
    """Whether it is the file as a whole."""
    is_text: bool = True

    @property
    def line(self) -> int:
        """Where it begins, 1-based: in the source, of an added file in the output."""
        return self.start + 1

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that ask for it, each once."""
        return tuple(dict.fromkeys(reason.rule for reason in self.reasons))


def proposals(files: Iterable[FileChange]) -> tuple[Proposal, ...]:
    """The proposals of a conversion in the order in which they are asked: modified files before added ones."""
    changed = [change for change in files if change.action in ("modified", "added") and change.path not in GUIDES]
    changed.sort(key=lambda change: (change.action == "added", change.path))
    return tuple(one for change in changed for one in of_file(change))


def of_file(change: FileChange) -> list[Proposal]:
    """Those of one file."""
    if change.data is None or change.data == change.before:
        return []
    before = change.before if change.action == "modified" else None
    if before is None or is_binary(before) or is_binary(change.data):
        return [_whole(change, before or b"", change.data)]
    old, new = lines_of(before), lines_of(change.data)
    found: list[Proposal] = []
    seen: dict[str, int] = {}
    for i1, i2, j1, j2 in (part for opcode in edits(old, new) for part in _parts(change, old, new, opcode)):
        removed, written = b"".join(old[i1:i2]), b"".join(new[j1:j2])
        id = _id(change.path, removed, written)
        seen[id] = seen.get(id, 0) + 1
        unique = id if seen[id] == 1 else f"{id}-{seen[id]}"
        found.append(Proposal(unique, change.path, i1, i2, j1, j2, removed, written, _reasons(change, (i1, i2, j1, j2))))
    return found


def _whole(change: FileChange, old: bytes, new: bytes) -> Proposal:
    ends = len(lines_of(old)), len(lines_of(new))
    is_text = not is_binary(old) and not is_binary(new)
    return Proposal(_id(change.path, old, new), change.path, 0, ends[0], 0, ends[1], old, new, change.hunks, whole=True, is_text=is_text)


def _id(path: str, old: bytes, new: bytes) -> str:
    parts = (path.encode("utf-8", "surrogateescape"), old, new)
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()[:_DIGITS]


def _parts(change: FileChange, old: Sequence[bytes], new: Sequence[bytes], opcode: Opcode) -> list[Span]:
    """A change of lines, parted where another rule asks for what follows."""
    _, i1, i2, j1, j2 = opcode
    parts: list[Span] = []
    for part in _alike(old, new, (i1, i2, j1, j2)):
        reasons = _named(change, part)
        if parts and (not reasons or reasons == _named(change, parts[-1])):
            parts[-1] = (parts[-1][0], part[1], parts[-1][2], part[3])
        else:
            parts.append(part)
    return parts


def _alike(old: Sequence[bytes], new: Sequence[bytes], span: Span) -> Iterator[Span]:
    """A change of lines, cut around each new line that resembles an old one."""
    i, i2, j, j2 = span
    if (i2 - i) * (j2 - j) > _MOST_COMPARED:
        yield span
        return
    for at in range(j, j2):
        ratios = [(SequenceMatcher(None, old[k].decode("latin-1"), new[at].decode("latin-1")).ratio(), -k) for k in range(i, i2)]
        ratio, k = max(ratios, default=(0.0, 0))
        if ratio > _ALIKE and new[at].strip():
            if (i, j) != (-k, at):
                yield i, -k, j, at
            yield -k, -k + 1, at, at + 1
            i, j = -k + 1, at + 1
    if (i, j) != (i2, j2):
        yield i, i2, j, j2


def _reasons(change: FileChange, span: Span) -> tuple[Hunk, ...]:
    """Why these lines change: the reasons that begin in them, else those that reach into them, else all of the file's."""
    return _named(change, span) or tuple(hunk for hunk in change.hunks if _reaches(change, hunk, span)) or change.hunks


def _named(change: FileChange, span: Span) -> tuple[Hunk, ...]:
    """The reasons that begin in these lines."""
    found = []
    for hunk in change.hunks:
        start, end = _side(change, hunk, span)
        if start < hunk.line <= max(end, start + 1):
            found.append(hunk)
    return tuple(found)


def _reaches(change: FileChange, hunk: Hunk, span: Span) -> bool:
    start, end = _side(change, hunk, span)
    return hunk.line <= max(end, start + 1) and hunk.end_line > start


def _side(change: FileChange, hunk: Hunk, span: Span) -> tuple[int, int]:
    """The lines that a reason counts: those of the source, where it names one of them, else those of the output."""
    return span[:2] if hunk.source == f"{change.path}:{hunk.line}" else span[2:]
