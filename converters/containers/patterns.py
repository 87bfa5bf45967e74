"""The patterns of `${A#p}`, `${A%p}` and `${A/p/r}`: `*` and `?`, matched in time that no pattern can blow up.

All places at which a match may stand are kept as the bits of one number, so that a step of the pattern is one operation.
"""

from __future__ import annotations

from collections.abc import Sequence

_ANY, _ONE = "any text", "any character"


def trim(value: str, pattern: str, operator: str) -> str:
    """`value` without the shortest match of `pattern` at its front (operator `#`) or end (`%`); a doubled one takes the longest."""
    longest = pattern.startswith(operator)
    steps = _steps(pattern[1:] if longest else pattern)
    text = value if operator == "#" else value[::-1]
    ends = _ends(steps if operator == "#" else steps[::-1], text, 1)
    if not ends:
        return value
    size = ends.bit_length() - 1 if longest else (ends & -ends).bit_length() - 1
    return value[size:] if operator == "#" else value[: len(value) - size]


def substitute(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str:
    """`value` with the first, or every, longest match of `pattern` replaced."""
    steps = _steps(pattern)
    parts: list[str] = []
    while value:
        starts = _ends(steps[::-1], value[::-1], (2 << len(value)) - 1)
        if not starts:
            break
        start = len(value) - (starts.bit_length() - 1)
        end = _ends(steps, value, 1 << start).bit_length() - 1
        if end == start:  # an empty pattern
            break
        parts += [value[:start], replacement]
        value = value[end:]
        if not everywhere:
            break
    return "".join(parts) + value


def _steps(pattern: str) -> list[str]:
    steps: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            steps.append(next(characters, character))
        else:
            steps.append({"*": _ANY, "?": _ONE}.get(character, character))
    return steps


def _ends(steps: Sequence[str], text: str, starts: int) -> int:
    """The places (bit n: before character n) at which a match ends that begins at one of `starts`."""
    everywhere = (2 << len(text)) - 1
    places = starts
    for step in steps:
        if step == _ANY:
            places = everywhere & -(places & -places)
        elif step == _ONE:
            places = (places << 1) & everywhere
        else:
            places = (places & _where(text, step)) << 1
    return places


def _where(text: str, character: str) -> int:
    bits = "".join("1" if other == character else "0" for other in reversed(text))
    return int(bits or "0", 2)
