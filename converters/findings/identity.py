"""Ids that the next run gives again.

An id is a digest of the rule, the file, and what the finding is about, never of a line: edits elsewhere in the file leave it alone.
What agrees in all three is numbered in the order of the lines.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Key = tuple[str, str, str]
"""Rule, file, what it is about."""

_NAMED = re.compile(r"`([^`]+)`|\b([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])\b|(?<![\w:/])(/[\w.-]+(?:/[\w.-]+)*)")
_LENGTH = 10
"""Hexadecimal digits of a digest: two of a million findings share one by a chance of one in two."""


def named(message: str) -> str:
    """What a message is about: the first name in it that stands in backquotes, is a variable or a path; '' for none."""
    match = _NAMED.search(message)
    return next(filter(None, match.groups()), "") if match else ""


def identified(items: Iterable[T], key: Callable[[T], Key]) -> list[tuple[str, T]]:
    """Each item behind its id, in the order given, which is that of the lines."""
    seen: Counter[Key] = Counter()
    found = []
    for item in items:
        one = key(item)
        seen[one] += 1
        repeat = f"-{seen[one]}" if seen[one] > 1 else ""
        found.append((f"{one[0]}-{_digest(one)}{repeat}", item))
    return found


def _digest(key: Key) -> str:
    text = "\0".join(key)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:_LENGTH]
