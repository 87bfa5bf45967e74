"""What a message says was found, and what it says to do.

Messages are written as `found: do this.` or `found. Do this.`; the first words of what is to be done are a table, and a message
without one of them is left whole, as what was found.
"""

from __future__ import annotations

import re

_VERBS = (
    "accept", "add", "ask", "build", "call", "check", "choose", "convert", "copy", "correct", "define", "deploy", "do",
    "fill in", "find out", "give", "install", "keep", "leave", "let", "link", "load", "lock", "look", "loosen", "make",
    "move", "name", "pass", "pin", "point", "push", "put", "raise", "read", "remove", "rename", "replace", "run", "see",
    "set", "start", "state", "take", "use", "write",
)  # fmt: skip
_TODO = re.compile(rf"[:.] (?=(?:{'|'.join(_VERBS)})\b)", re.IGNORECASE)


def split(message: str) -> tuple[str, str]:
    """(what was found, what to do), the second '' where the message does not tell it from the first."""
    text = " ".join(message.split())
    quoted = [match.span() for match in re.finditer(r"`[^`]*`|\([^()]*\)", text)]
    for match in _TODO.finditer(text):
        if not any(start <= match.start() < end for start, end in quoted):
            return text[: match.start()].rstrip(" ."), _sentence(text[match.end() :])
    return text.rstrip("."), ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text else ""
