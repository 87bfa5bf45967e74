"""What the text of an expression says: the names in it, and what is asked by them."""

from __future__ import annotations

import re

_TREE = 3
"""How deep trees of doubles are, whose nodes give further nodes under one name."""
_UNWANTED = re.compile(r"(?i)nsfw|unsafe|toxic|safety_?checker")
"""What these find is not there, and their scores are low."""
_NEGATIVE = re.compile(
    r"(?i)error|fail|nsfw|safety|empty|is_?nan|is_?inf|exceed|missing|invalid|conflict|cancel|expired|is_none|closed|load_state_dict|mps\b"
)
_INNERMOST = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def names(text: str) -> list[str]:
    """The names of an expression, without what they are called with: ``pipe`` and ``images`` of ``pipe(x).images[0]``."""
    plain, before = text, ""
    while plain != before:
        plain, before = _INNERMOST.sub("", plain), plain
    return plain.split(".")


def last_name(text: str) -> str:
    """The last name of an expression, whatever it is called with."""
    return names(text)[-1] or text


def is_leaf(text: str) -> bool:
    """Whether the same was asked often of what the same gave: there trees of doubles end."""
    found = names(text)
    return found.count(found[-1]) >= _TREE


def is_negative(name: str) -> bool:
    """Whether a name asks for something that usually is not so: an error, an end, an empty list."""
    return _NEGATIVE.search(name) is not None


def is_unwanted(text: str) -> bool:
    """Whether an expression is about what filters look for."""
    return _UNWANTED.search(text) is not None
