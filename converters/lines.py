"""Lines of bytes and what changed between two lists of them; used by the diff and by the 3-way merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Opcode = tuple[str, int, int, int, int]
"""(tag, i1, i2, j1, j2) as in `difflib.SequenceMatcher.get_opcodes`."""

_LONG = 2000
"""Lines from which difflib may use its heuristic for frequent lines (a larger diff, never a wrong one)."""


def lines_of(data: bytes) -> list[bytes]:
    """Lines as git counts them: ended by LF alone, so that a CR belongs to its line."""
    lines = data.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def edits(old: Sequence[bytes], new: Sequence[bytes]) -> list[Opcode]:
    """What differs, in order, without the equal parts."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, inner_old, inner_new, autojunk=max(len(inner_old), len(inner_new)) > _LONG)
    found = (opcode for opcode in matcher.get_opcodes() if opcode[0] != "equal")
    return [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in found]


def groups(changes: Sequence[Opcode], context: int) -> Iterator[list[Opcode]]:
    """Changes that stand within twice the context of each other, and so share a hunk."""
    group: list[Opcode] = []
    for change in changes:
        if group and change[1] - group[-1][2] > 2 * context:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _common(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    pairs = zip(old, new, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))
