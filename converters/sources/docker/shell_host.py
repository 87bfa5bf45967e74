"""The host of a server that a shell starts: the same text, with the address changed in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from converters.containers.shell import ShellCommand, split
from converters.sources.docker.processes import SHELLS, Process, flattened

LOOPBACK = re.compile(r"127\.0\.0\.1|localhost|\[::1\]|::1")


def rewritten(words: Sequence[str], process: Process, flags: Sequence[str], value: str) -> list[str] | None:
    """A start command with the host of the process set in its shell text; None where it has no such text, or the text is not understood.

    `flags` are those that name the host or the address; `value` is what they get where none of them stands there.
    """
    for index, word in enumerate(words[:-1]):
        if re.fullmatch(r"-[a-z]*c", word) and PurePosixPath(words[0]).name in SHELLS:
            text = in_text(words[index + 1], process, flags, value)
            return None if text is None else [*words[: index + 1], text, *words[index + 2 :]]
    return None


def in_text(text: str, process: Process, flags: Sequence[str], value: str) -> str | None:
    """Shell text with the host of the one command that starts the process set."""
    name = PurePosixPath(process.words[0]).name
    starting = [one for one in flattened(split(text)) if any(PurePosixPath(word).name == name for word in one.words)]
    if len(starting) != 1 or starting[0].unparsed:
        return None
    command = starting[0]
    changed = _in_command(text[command.start : command.end], command, flags, value)
    return None if changed is None else text[: command.start] + changed + text[command.end :]


def _in_command(text: str, command: ShellCommand, flags: Sequence[str], value: str) -> str | None:
    for flag in flags:
        found = re.search(rf"(?<!\S){re.escape(flag)}(?:=|\s+)(?P<value>\"[^\"]*\"|'[^']*'|\S+)", text)
        if found is not None:
            start, end = found.span("value")
            if not LOOPBACK.search(found["value"]):
                return None  # a variable, which may be set elsewhere
            return text[:start] + LOOPBACK.sub("0.0.0.0", found["value"], count=1) + text[end:]
    if not flags or not command.raw_words:
        return None
    end = text.rfind(command.raw_words[-1]) + len(command.raw_words[-1])
    return f"{text[:end]} {flags[0]} {value}{text[end:]}"
