"""A suggestion as a unified diff of the file that it is about."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable

from converters.ir import Suggestion
from converters.lines import lines_of
from converters.outcome import FileChange
from converters.review.diff import file_diff

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_REACH = 40
"""Lines below the one that a suggestion names, in which its text is looked for: a command of a Dockerfile has as many."""

Mask = Callable[[str, str], str]
"""(path, text of that file) -> the text without secrets."""


def unmasked(path: str, text: str) -> str:
    """Of a project that has no secrets."""
    return text


def unified(suggestion: Suggestion, before: bytes | None, mask: Mask = unmasked) -> str | None:
    """The diff that makes a suggestion, from the file's bytes (None: there is no such file).

    None where the text is not found, where the result would be no Python or TOML any more, and where the diff would show a secret.
    """
    after = edited(suggestion, before)
    if after is None or after == before or not _is_sound(suggestion.file, after):
        return None
    return of_change(suggestion.file, before, after, mask)


def of_change(path: str, before: bytes | None, after: bytes, mask: Mask = unmasked) -> str | None:
    """The diff of a file that changes or is added; None where it is no text, or shows a secret."""
    try:
        text = file_diff(FileChange(path, "added" if before is None else "modified", after, before=before)).decode()
    except UnicodeDecodeError:
        return None
    secret = _secret_lines(path, (before or b"").decode(errors="replace"), mask) | _secret_lines(path, after.decode(errors="replace"), mask)
    return text if text and not any(line[1:] in secret for line in text.split("\n")) else None


def _secret_lines(path: str, text: str, mask: Mask) -> set[str]:
    """The lines of a file that hold a secret, or a part of one."""
    return set(text.split("\n")) - set(mask(path, text).split("\n"))


def edited(suggestion: Suggestion, before: bytes | None) -> bytes | None:
    """The file's bytes after a suggestion; None where its text is not found."""
    new = suggestion.new.encode()
    if before is None or (not suggestion.old and not suggestion.line):
        if suggestion.old or suggestion.line:
            return None
        text = before or b""
        return text + (b"\n" if text and not text.endswith(b"\n") else b"") + new + b"\n"
    lines, at = lines_of(before), suggestion.line - 1
    if not 0 <= at <= len(lines):
        return None
    if not suggestion.old:
        end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
        return b"".join([*lines[:at], new + end, *lines[at:]])
    return _replaced(lines, at, suggestion.old.encode(), new)


def _replaced(lines: list[bytes], at: int, old: bytes, new: bytes) -> bytes | None:
    start, end = (rb"(?<![\w-])" if re.match(rb"[\w-]", old) else b""), (rb"(?![\w-])" if re.search(rb"\w$", old) else b"")
    word = re.compile(start + re.escape(old) + (end + rb"[ \t]?" if not new else end))
    for number in range(at, min(at + _REACH, len(lines))):
        line, count = word.subn(lambda _: new, lines[number], count=1)
        if count:
            kept = [line] if new or line.strip(b" \t\r\n\\") else []
            return b"".join([*lines[:number], *kept, *lines[number + 1 :]])
    return None


def _is_sound(path: str, data: bytes) -> bool:
    """Whether a file of a language that is read here can still be read."""
    try:
        if path.endswith(".py"):
            ast.parse(data)
        elif path.endswith(".toml"):
            tomllib.loads(data.decode())
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True
