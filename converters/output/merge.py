"""3-way merge of lines: what a person changed since the last run, and what this run changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from converters.lines import Opcode, edits, lines_of

OURS, MIDDLE, THEIRS = b"<<<<<<< yours", b"=======", b">>>>>>> fal-migrate"


def has_markers(data: bytes) -> bool:
    """Whether a merge left a conflict in a file that nobody has resolved."""
    if OURS not in data or THEIRS not in data:
        return False
    return {OURS, THEIRS} <= {line.rstrip(b"\r\n") for line in lines_of(data)}


@dataclass(frozen=True)
class Merged:
    """`data` holds markers around each of the `conflicts` places where both sides changed the same lines."""

    data: bytes
    conflicts: int


def merge(base: bytes, yours: bytes, generated: bytes) -> Merged:
    """Apply both changes of `base`; lines that both changed alike count once."""
    old, mine, new = lines_of(base), lines_of(yours), lines_of(generated)
    newline = b"\r\n" if mine and mine[0].endswith(b"\r\n") else b"\n"
    merged: list[bytes] = []
    conflicts = position = 0
    for start, stop, left, right in _clusters(edits(old, mine), edits(old, new)):
        merged += old[position:start]
        position = stop
        one, other = _side(old, mine, left, start, stop), _side(old, new, right, start, stop)
        if not right or one == other:
            merged += one
        elif not left:
            merged += other
        else:
            conflicts += 1
            merged += _marked(one, other, newline)
    return Merged(b"".join([*merged, *old[position:]]), conflicts)


def _clusters(left: Sequence[Opcode], right: Sequence[Opcode]) -> Iterator[tuple[int, int, list[Opcode], list[Opcode]]]:
    """Ranges of the base that either side changes; changes that touch share a range."""
    both = sorted([(change[1], change[2], 0, change) for change in left] + [(change[1], change[2], 1, change) for change in right])
    start = stop = -1
    sides: tuple[list[Opcode], list[Opcode]] = ([], [])
    for first, last, side, change in both:
        if first > stop:
            if start >= 0:
                yield start, stop, *sides
            start, stop, sides = first, last, ([], [])
        stop = max(stop, last)
        sides[side].append(change)
    if start >= 0:
        yield start, stop, *sides


def _side(base: Sequence[bytes], lines: Sequence[bytes], changes: Sequence[Opcode], start: int, stop: int) -> list[bytes]:
    """One side's text for a range of the base."""
    text: list[bytes] = []
    for _, i1, i2, j1, j2 in changes:
        text += [*base[start:i1], *lines[j1:j2]]
        start = i2
    return [*text, *base[start:stop]]


def _marked(yours: Sequence[bytes], generated: Sequence[bytes], newline: bytes) -> list[bytes]:
    return [OURS + newline, *_ended(yours, newline), MIDDLE + newline, *_ended(generated, newline), THEIRS + newline]


def _ended(lines: Sequence[bytes], newline: bytes) -> list[bytes]:
    return [line if line.endswith(b"\n") else line + newline for line in lines]
