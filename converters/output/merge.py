"""3-way merge of lines: what a person changed since the last run, and what this run changes."""

from __future__ import annotations

from collections.abc import Sequence
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


Cluster = tuple[int, int, list[Opcode], list[Opcode]]
"""(first line, line behind the last, changes of yours, changes of the generated side) of a range of the base."""


def merge(base: bytes, yours: bytes, generated: bytes) -> Merged:
    """Apply both changes of `base`; lines that both changed alike count once.

    Only changes of the same lines, or insertions at the same point, are a conflict: lines next to each other are none. (The `merge3`
    package and git call those a conflict, too, which a person who edits a line beside a generated one meets at every renewal.)
    """
    old, mine, new = lines_of(base), lines_of(yours), lines_of(generated)
    newline = b"\r\n" if mine and mine[0].endswith(b"\r\n") else b"\n"
    merged: list[bytes] = []
    conflicts = position = 0
    for start, stop, left, right in _clusters(edits(old, mine), edits(old, new), mine, new):
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
    merged += old[position:]
    return Merged(b"".join([*_ended(merged[:-1], newline), *merged[-1:]]), conflicts)


def _clusters(left: Sequence[Opcode], right: Sequence[Opcode], mine: Sequence[bytes], new: Sequence[bytes]) -> list[Cluster]:
    """Ranges of the base that either side changes; changes of the same lines share a range."""
    both = sorted([(change[1], change[2], 0, change) for change in left] + [(change[1], change[2], 1, change) for change in right])
    found: list[Cluster] = []
    for first, last, side, change in both:
        sides: tuple[list[Opcode], list[Opcode]] = ([change], []) if side == 0 else ([], [change])
        if found and _meets(found[-1], (first, last, *sides), mine, new):
            start, stop, ours, theirs = found.pop()
            found.append((start, max(stop, last), [*ours, *sides[0]], [*theirs, *sides[1]]))
        else:
            found.append((first, last, *sides))
    return found


def _meets(before: Cluster, after: Cluster, mine: Sequence[bytes], new: Sequence[bytes]) -> bool:
    """Whether two ranges have a line or a point in common, or put the same lines where they touch."""
    (start, stop, *_), (first, last, *_) = before, after
    if first != stop:
        return first < stop
    if start == stop == first == last:
        return True
    texts = [_texts(one, mine, new) for one in (before, after)]
    inserted, other = (texts[1], texts[0][-len(texts[1]) :]) if first == last else (texts[0], texts[1][: len(texts[0])])
    return (first == last or start == stop) and inserted == other


def _texts(cluster: Cluster, mine: Sequence[bytes], new: Sequence[bytes]) -> list[bytes]:
    """What a range becomes, of the side that changes it last."""
    _, _, ours, theirs = cluster
    _, _, _, j1, j2 = (theirs or ours)[-1]
    return list((new if theirs else mine)[j1:j2])


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
