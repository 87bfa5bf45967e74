"""Words of a Dockerfile: splitting into words, flags, name=value pairs and JSON arrays.

The rules are those of BuildKit (frontend/dockerfile/parser/line_parsers.go and split_command.go). `WordError` is
raised for what Docker refuses.
"""

from __future__ import annotations

import json
import re

from converters.containers.expansion import SPACE, WordError

BLANKS = re.compile(r"[\t\v\f\r ]+")


def split_words(text: str, escape: str = "\\") -> list[tuple[int, str]]:
    """The words of an ENV, LABEL or ARG with their offsets; quotes and escapes stay in place."""
    words: list[tuple[int, str]] = []
    pos, size = 0, len(text)
    while pos < size:
        if text[pos] in SPACE:
            pos += 1
            continue
        start, pos, word = pos, *_word(text, pos, escape)
        if word:
            words.append((start, word))
    return words


def _word(text: str, pos: int, escape: str) -> tuple[int, str]:
    parts: list[str] = []
    quote = ""
    while pos < len(text) and (quote or text[pos] not in SPACE):
        ch = text[pos]
        if ch == escape and quote != "'":
            parts.append(text[pos : pos + 2] if pos + 1 < len(text) else "")
            pos += 2
            continue
        if ch == quote:
            quote = ""
        elif not quote and ch in "'\"":
            quote = ch
        parts.append(ch)
        pos += 1
    return min(pos, len(text)), "".join(parts)


def pairs(text: str, escape: str = "\\") -> list[tuple[int, str, str]]:
    """(offset, name, value) of an ENV or LABEL, in `name=value ...` or in the old `name value` form. Raises WordError."""
    words = split_words(text, escape)
    if not words:
        raise WordError("at least one argument is needed")
    if "=" not in words[0][1]:
        parts = BLANKS.split(text, maxsplit=1)
        if len(parts) < 2:
            raise WordError(f"{parts[0]!r} has no value")
        return [(0, parts[0], parts[1])]
    result: list[tuple[int, str, str]] = []
    for offset, word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise WordError(f"{word!r} is not of the form name=value")
        result.append((offset, name, value))
    return result


FLAG_SPACE = "\t\n\v\f\r \x85\xa0"
"""What ends a flag: BuildKit asks of single bytes here whether they are spaces of Unicode, be they parts of letters."""


def split_flags(text: str, escape: str = "\\") -> tuple[tuple[str, ...], int]:
    """The `--flags` at the front of `text` without their quotes, and the offset at which the rest begins."""
    flags: list[str] = []
    single = text.encode(errors="replace").decode("latin-1")
    pos = 0
    while True:
        while pos < len(single) and single[pos] in FLAG_SPACE:
            pos += 1
        if not single.startswith("--", pos):
            break
        pos, word = _flag(single, pos, escape)
        if word == "--":
            break
        flags.append(_joined(word))
    return tuple(flags), _after_space(text, len(_joined(single[:pos])))


def _joined(single: str) -> str:
    """The text of single bytes."""
    return single.encode("latin-1").decode(errors="replace")


def _after_space(text: str, pos: int) -> int:
    return len(text) - len(text[pos:].lstrip(SPACE))


def _flag(text: str, pos: int, escape: str) -> tuple[int, str]:
    parts: list[str] = []
    quote = ""
    while pos < len(text) and (quote or text[pos] not in FLAG_SPACE):
        ch = text[pos]
        if ch == quote:
            quote = ""
        elif not quote and ch in "'\"":
            quote = ch
        elif ch == escape:
            pos += 1
            parts.append(text[pos : pos + 1])
        else:
            parts.append(ch)
        pos += 1
    return min(pos, len(text)), "".join(parts)


def json_words(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, or None when `text` is no JSON array (Docker then reads it as plain text).

    Text after the array is left out of account, see `after_json`. Raises WordError for an array with something else
    than strings in it.
    """
    found = _json_array(text)
    if found is None:
        return None
    values = [value for value in found[0] if isinstance(value, str)]
    if len(values) < len(found[0]):
        raise WordError("a JSON array must hold strings only")
    return tuple(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for value in values)


def after_json(text: str) -> str:
    """What follows a JSON array, as in `CMD ["a"] # comment`.

    BuildKit before 0.15 ignores it, which is what such files rely on; since then the whole text is in shell form.
    """
    found = _json_array(text)
    return found[1].strip(SPACE) if found else ""


def is_json_array(text: str) -> bool:
    """Whether a text begins with a JSON array."""
    return _json_array(text) is not None


def _json_array(text: str) -> tuple[list[object], str] | None:
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        values, end = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return values, text[end:]


def _no_constant(name: str) -> float:
    raise ValueError(name)
