"""Which source lines a generated line comes from.

What the conversion itself recorded comes first: the output of a ledger item, a place that a comment names. Generated files are
rendered from a model, which knows no lines, so the rest is read off the texts, and says so: a line that stands in the source too, one
that names a word of a Dockerfile, a requirement or a field, one that resembles a line between two that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

How = Literal["recorded", "same text", "names it", "similar"]
Line = tuple[str, int]
"""A file and a 1-based line in it."""
_SHORTEST = 6
"""Characters from which a line is told by its text."""
_WINDOW = 40
"""Source lines in which a similar one is looked for."""
_ALIKE = 0.6
_PLACE = re.compile(r"# (\S+):(\d+)")
"""A comment with which the conversion itself names a place."""
_FIELD = re.compile(r"\s+(\w+): \S")
"""A field of a generated model."""
_NAMED = re.compile(r"""["'](\w+)["']|^\s*(\w+)\s*:""")
"""A key in quotes, or a parameter or attribute with an annotation, in Python."""
_PLACES = 3
"""Source lines that may name a field, for it to be linked with them."""
_LONGEST = 400
"""Characters of a line that is compared with others."""


@dataclass(frozen=True)
class Link:
    """A source line and how it is known."""

    file: str
    line: int
    how: How


def links(
    generated: Mapping[str, Mapping[int, str]],
    sources: Mapping[str, Mapping[int, str]],
    recorded: Iterable[tuple[Line, Line]],
) -> dict[Line, tuple[Link, ...]]:
    """The sources of generated lines: both texts by file and 1-based line; `recorded` are pairs of a source and a generated line."""
    found: dict[Line, dict[Line, How]] = {}
    for source, line in recorded:
        found.setdefault(line, {}).setdefault(source, "recorded")
    texts, words, names = _by_text(sources), _by_word(sources), _by_name(sources)
    for file, lines in generated.items():
        known = _moved(lines, texts)
        for number, text in lines.items():
            cited = _PLACE.search(text[:_LONGEST])
            if cited and int(cited[2]) in sources.get(cited[1], ()):
                found.setdefault((file, number), {}).setdefault((cited[1], int(cited[2])), "recorded")
            if number in known:
                found.setdefault((file, number), {}).setdefault(known[number], "same text")
                continue
            field = _FIELD.match(text)
            named = words.get(_key(text), ()) or (names.get(field[1], ()) if field else ())
            for place in named if len(named) <= _PLACES else ():
                found.setdefault((file, number), {}).setdefault(place, "names it")
        for number, source in _similar(lines, known, sources):
            if (file, number) not in found:
                found[file, number] = {source: "similar"}
    return {line: tuple(Link(*source, how) for source, how in sorted(one.items())) for line, one in found.items()}


def _key(text: str) -> str:
    """A line without what its surroundings add: indentation, the quotes and the comma of a list."""
    key = text.strip().removesuffix(",").strip("\"'") if len(text) <= _LONGEST else ""
    return key if len(key) >= _SHORTEST and any(map(str.isalnum, key)) else ""


def _by_text(sources: Mapping[str, Mapping[int, str]]) -> dict[str, list[Line]]:
    texts: dict[str, list[Line]] = {}
    for file, lines in sources.items():
        for number, text in lines.items():
            texts.setdefault(_key(text), []).append((file, number))
    texts.pop("", None)
    return texts


def _by_word(sources: Mapping[str, Mapping[int, str]]) -> dict[str, list[Line]]:
    """The words of files that are no Python: requirements, images, settings."""
    words: dict[str, list[Line]] = {}
    for file, lines in sources.items():
        for number, text in () if file.endswith(".py") else lines.items():
            for word in {_key(word) for word in text.split()} - {""}:
                words.setdefault(word, []).append((file, number))
    return words


def _by_name(sources: Mapping[str, Mapping[int, str]]) -> dict[str, list[Line]]:
    names: dict[str, list[Line]] = {}
    for file, lines in sources.items():
        for number, text in lines.items() if file.endswith(".py") else ():
            for name in {one or other for one, other in _NAMED.findall(text[:_LONGEST])}:
                names.setdefault(name, []).append((file, number))
    return names


def _moved(lines: Mapping[int, str], texts: Mapping[str, Sequence[Line]]) -> dict[int, Line]:
    """The lines that stand in a source as they are: where it has several, the next one behind the line before."""
    moved: dict[int, Line] = {}
    before: Line = ("", 0)
    for number, text in lines.items():
        places = texts.get(_key(text), ())
        follow = [place for place in places if place[0] == before[0] and place[1] > before[1]]
        if len(places) == 1 or follow:
            before = moved[number] = places[0] if len(places) == 1 else follow[0]
    return moved


def _similar(lines: Mapping[int, str], known: Mapping[int, Line], sources: Mapping[str, Mapping[int, str]]) -> Iterable[tuple[int, Line]]:
    """The lines between two known ones that resemble a source line between theirs."""
    taken = set(known.values())
    behind = _next_known(lines, known)
    before: Line = ("", 0)
    for number, text in lines.items():
        if number in known:
            before = known[number]
            continue
        file, start = before
        after = behind.get(number, ("", 0))
        end = after[1] if after[0] == file and after[1] > start else start + _WINDOW
        window = range(start + 1, min(end, start + _WINDOW))
        candidates = [(line, sources[file][line]) for line in window if (file, line) not in taken and line in sources[file]] if file else []
        if best := _best(_key(text), candidates):
            yield number, (file, best)


def _next_known(lines: Mapping[int, str], known: Mapping[int, Line]) -> dict[int, Line]:
    behind: dict[int, Line] = {}
    after: Line = ("", 0)
    for number in reversed(list(lines)):
        after = known.get(number, after)
        behind[number] = after
    return behind


def _best(key: str, candidates: Sequence[tuple[int, str]]) -> int:
    """The line that resembles a text most; 0 where none does."""
    if not key:
        return 0
    matcher = SequenceMatcher(None, b="", autojunk=False)
    matcher.set_seq2(key)
    best, ratio = 0, _ALIKE
    for line, text in candidates:
        matcher.set_seq1(_key(text))
        if matcher.quick_ratio() > ratio and (found := matcher.ratio()) > ratio:
            best, ratio = line, found
    return best
