"""Standard output and standard error: bytes and text that always arrive, whatever the terminal's encoding, and reports of bugs."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TextIO

from converters.escape import one_line


def prepare() -> None:
    """Let characters that a terminal cannot show appear as escapes instead of failing, and closed streams swallow everything."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the program runs
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def print_text(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()


def print_bytes(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _let_go()


def print_error(text: str) -> None:
    """One message on standard error, on one line."""
    print(one_line(text), file=sys.stderr, flush=True)


def wants_colour(stream: TextIO) -> bool:
    """Colours on a terminal only, and not where `NO_COLOR` is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def save_report(text: str) -> Path:
    """Write the report of a bug where a person finds it, and say where."""
    from converters.output.base import cache_folder

    try:
        folder = cache_folder() / "reports"
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir())
    handle, name = tempfile.mkstemp(prefix="fal-migrate-", suffix=".txt", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    return Path(name)


def _let_go() -> None:
    """The reader went away (`migrate --diff | head`): the exit code still counts, the rest of the text does not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
