"""The parts of a text that can hold a secret: the lines around a mark. All else is passed over by plain string search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BEFORE, AFTER = 400, 1200
"""Characters around a mark that are looked at in a line of data or minified code."""
LONG = 4000
FOLLOWING = 6
"""Lines below a mark that belong to it: `value:` stands below `name:`."""


def windows(text: str, lowered: str, marks: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(start, end) of the parts of `text` around the marks, which are lower case; in order, none overlapping another."""
    last: tuple[int, int] | None = None
    for start, end in sorted(_around(text, lowered, marks)):
        if last is not None and start <= last[1]:
            last = (last[0], max(last[1], end))
        else:
            if last is not None:
                yield last
            last = (start, end)
    if last is not None:
        yield last


def _around(text: str, lowered: str, marks: Sequence[str]) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for mark in marks:
        position = lowered.find(mark)
        while position >= 0:
            start, end = _lines(text, position)
            found.add((start, end))
            position = lowered.find(mark, max(position + len(mark), min(end, position + AFTER // 2)))
    return found


def _lines(text: str, position: int) -> tuple[int, int]:
    """The line of a position and those below it that may belong to it, less where lines are very long."""
    start = max(text.rfind("\n", 0, position) + 1, position - BEFORE)
    end, limit = position, min(position + AFTER, len(text))
    for _ in range(FOLLOWING + 1):
        following = text.find("\n", end + 1, limit)
        if following < 0:
            return start, limit
        end = following
    return start, end
