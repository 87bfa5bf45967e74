"""Values that programs do not expect, and changes of bytes and of documents that know no grammar."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

TEXTS = (
    "", " ", "\n", "a\nb", "\r\n", "\t", "'", '"', '"""', "'''", "\\", "\\\n", "{", "}", "{}", "{{x}}", "{% x %}", "$", "$X", "${X",
    "${X:-$Y}", "%s",
    "`x`", "$(id)", "#", "a#b", "//", "..", "../..", "/", "~", "*", "**", "[", "]", "!", "!a", "null", "true", "yes", "0", "-1", "1e999",
    "nan", "0x10",
    "é", "日本", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1b[31m", "\u202e", "\x00", "\x7f", "\ufeff", "😀", "a" * 300, "class",
    "None", "self",
    "fal", "input", "import os", "a b", "a-b", "a.b", "1a", "__class__", "<b>", "::error::x", "a=b", "=", ":", "a: b", "- a", "&a", "*a",
    "!!python/object",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 8000, 65536, 2**63, -(2**70), 0.5, -0.0, float("inf"), float("nan"), [], {}, [[]], [None], [{}],
    {"": None}, {"a": {}},
    [1, "a", None], {"a": [1]}, "x", "8000", "a" * 2000,
)  # fmt: skip
BYTES = (
    b"", b"\0", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\x80abc", b"\r", b"\r\n", b"\n\n\n", b"\\", b"\\\n",
    b"\x0c", b"\xe2\x80\xa8",
    b"\xc2\x85", b"\t", b" \n", b"\x1b[0m", b"'", b'"', b'"""', b"<<EOF\n", b"$(", b"${", b"`", b"{{", b"{%", b"%}", b"[", b"]", b"(",
    b")", b"#", b"*", b"!", b"&", b"|",
)  # fmt: skip


def text(random: Random) -> str:
    """A string that is not expected."""
    chosen = random.choice(TEXTS)
    return chosen + random.choice(TEXTS) if random.random() < 0.15 else chosen


def value(random: Random, depth: int = 0) -> Any:
    """A JSON value of an unexpected type or size."""
    roll = random.random()
    if roll < 0.4:
        return copy.deepcopy(random.choice(VALUES))
    if roll < 0.75 or depth > 2:
        return text(random)
    if roll < 0.87:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    return {text(random): value(random, depth + 1) for _ in range(random.randrange(4))}


def bytes_of(random: Random, data: bytes, words: Sequence[bytes] = ()) -> bytes:
    """The data with one to four changes that know nothing of what it means."""
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(data) + 1)
        stop = min(len(data), start + random.choice((0, 1, 1, 2, 5, 20, 80)))
        roll = random.random()
        if roll < 0.2:
            data = data[:start] + data[stop:]
        elif roll < 0.35:
            data = data[:stop] + data[start:stop] * random.choice((1, 1, 3)) + data[stop:]
        elif roll < 0.5:
            data = data[:start] + bytes(random.randrange(256) for _ in range(random.choice((1, 1, 4)))) + data[stop:]
        elif roll < 0.55:
            data = data[:start]
        elif roll < 0.6:
            data = recoded(random, data)
        elif roll < 0.8 and words:
            data = data[:start] + random.choice(words) + data[stop if random.random() < 0.5 else start :]
        else:
            data = data[:start] + random.choice(BYTES) + data[start:]
    return data


def lines_of(random: Random, data: bytes) -> bytes:
    """The data with lines repeated, dropped, swapped, joined or ended otherwise."""
    lines = data.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(7):
        case 0:
            del lines[first]
        case 1:
            lines.insert(second, lines[first])
        case 2:
            lines[first], lines[second] = lines[second], lines[first]
        case 3:
            lines[first] += b"\\"
        case 4:
            lines[first] = b"  " + lines[first]
        case 5:
            return b"\r\n".join(lines)
        case _:
            lines[first] += random.choice(BYTES)
    return b"\n".join(lines)


def recoded(random: Random, data: bytes) -> bytes:
    """The data in an encoding that is not UTF-8, or with a byte-order mark."""
    known = data.decode(errors="replace")
    match random.randrange(5):
        case 0:
            return known.encode("utf-16")
        case 1:
            return known.encode("utf-8-sig", errors="replace")
        case 2:
            return known.encode("latin-1", errors="replace")
        case 3:
            return known.replace("\n", "\r").encode(errors="replace")
        case _:
            return known.replace("\n", "\r\n").encode(errors="replace")


def document(random: Random, given: Any) -> Any:
    """A copy of a JSON document with one to three of its values, keys or branches changed."""
    changed = {"document": copy.deepcopy(given)}
    for _ in range(random.randint(1, 3)):
        places = list(_places(changed))
        holder, key = places[min(int(random.expovariate(0.15)), len(places) - 1)] if random.random() < 0.3 else random.choice(places)
        roll = random.random()
        if roll < 0.55:
            holder[key] = value(random)
        elif roll < 0.65 and holder is not changed:
            del holder[key]
        elif roll < 0.75 and isinstance(holder, dict) and holder is not changed:
            holder[text(random)] = holder.pop(key)
        elif roll < 0.85:
            holder[key] = [holder[key]] if random.random() < 0.5 else {"value": holder[key]}
        else:
            other_holder, other_key = random.choice(places)
            holder[key] = copy.deepcopy(other_holder[other_key]) if _has(other_holder, other_key) and _has(holder, key) else value(random)
    return changed["document"]


def as_json(random: Random, given: Any) -> bytes:
    return json.dumps(given, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 2))).encode(errors="replace")


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _places(holder: Any) -> list[tuple[Any, Any]]:
    """(holder, key) of every value below, breadth first."""
    found: list[tuple[Any, Any]] = []
    queue = [holder]
    for current in queue:
        keys = list(current) if isinstance(current, dict) else range(len(current))
        for key in keys:
            found.append((current, key))
            if isinstance(current[key], dict | list) and len(queue) < 3000:
                queue.append(current[key])
    return found
