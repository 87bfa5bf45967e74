"""`migrate rehearse OUT`: build what fal would build and start what fal would start, here."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converters.commands.actionable import of_rehearsals
from converters.commands.beside import write_document
from converters.commands.repeat import command
from converters.errors import ExitCode, MigrateError, UsageError
from converters.terminal import print_error, print_text

if TYPE_CHECKING:
    from converters.rehearsal.result import Rehearsal


SLOW = 10.0
"""Seconds after which a step is named where standard error is no terminal."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line. ``bases`` are stand-ins, ``IMAGE=FOLDER|SUITE``; ``seconds`` bounds the start of each app."""

    path: Path
    apps: tuple[str, ...] = ()
    engine: str = ""
    bases: tuple[str, ...] = ()
    real_bases: bool = False
    cache: Path | None = None
    seconds: float = 180.0
    output: Path | None = None
    format: str = "text"
    quiet: bool = False

    @property
    def again(self) -> str:
        """The command that shows its findings again, for a shell; without the apps."""
        seconds = None if self.seconds == 180 else f"{self.seconds:g}"
        typed = {"engine": self.engine, "base": self.bases, "real_bases": self.real_bases, "cache": self.cache, "seconds": seconds}
        return command("rehearse", self.path, **typed)


def rehearse_project(request: Request) -> int:
    """Rehearse the apps at a path, print what came of it, and return the exit code. Raises MigrateError."""
    from converters.rehearsal import report

    try:
        rehearsals = rehearsed(request)
    except MigrateError as error:
        if request.format == "json":
            from converters.commands.arguments import print_refusal

            print_refusal(request.path, error, request.again)
        raise
    found = of_rehearsals([report.plain(one) for one in rehearsals], request.path, request.again)
    text = report.as_json(str(request.path), rehearsals, found)
    write_document(text, request.output)
    views = {"text": report.as_text, "markdown": report.as_markdown, "html": report.as_html}
    if not request.quiet or request.format == "json":
        print_text(text if request.format == "json" else views[request.format](rehearsals))
    return report.exit_code(rehearsals)


def rehearsed(request: Request) -> list[Rehearsal]:
    """The rehearsals of all apps at a path. Raises MigrateError."""
    must_be_installed()
    from converters.rehearsal import apps
    from converters.rehearsal.machinery import default_folder, machinery
    from converters.rehearsal.rehearse import Settings, rehearse

    found = apps.chosen(request.path, request.apps)
    folder = request.cache or default_folder()
    with machinery(request.engine, folder=folder, bases=request.bases, real=request.real_bases) as ready:
        announce_once(folder / "announced")
        with tempfile.TemporaryDirectory(prefix="fal-migrate-", ignore_cleanup_errors=True) as scratch:
            made, settings = [], Settings(start=request.seconds, records=folder / "records")
            for app in apps.load(found, Path(scratch)):
                with _progress(app.key, quiet=request.quiet) as say:
                    made.append(rehearse(app, ready.engine, settings, say, ready.outside))
    return made


def clean(request: Request) -> int:
    """Remove what rehearsals have stored: images, stand-ins, packages. Raises UsageError."""
    from converters.rehearsal import machinery

    folder = request.cache or machinery.default_folder()
    try:
        machinery.clean(folder)
    except OSError as error:
        why = f"cannot be removed: {error.strerror}."
        raise UsageError(why, file=str(error.filename or folder), hint="Remove it as root.") from error
    return ExitCode.DONE


def must_be_installed() -> None:
    """Raises UsageError where what a rehearsal needs is not."""
    missing = [name for name in ("fal", "httpx", "cryptography") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"a rehearsal needs {', '.join(missing)}.", hint="Install it with: pip install 'fal-migrate[run]'")


@contextlib.contextmanager
def _progress(name: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A status line on a terminal; elsewhere a line for each step that takes long."""
    if quiet:
        yield lambda text: None
        return
    if not sys.stderr.isatty():
        with contextlib.closing(_SlowSteps(name)) as slow:
            yield slow.say
        return
    from rich.console import Console
    from rich.text import Text

    from converters.escape import visible

    def line(text: str) -> Text:
        return Text(visible(f"{name}: {' '.join(text.split())[:200]}"))

    with Console(stderr=True).status(line("loading it")) as status:
        yield lambda text: status.update(line(text))


class _SlowSteps:
    """Names a step on standard error once it has taken longer than `SLOW` seconds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._timer: threading.Timer | None = None

    def say(self, text: str) -> None:
        """Another step begins."""
        self.close()
        self._timer = threading.Timer(SLOW, print_error, [f"{self._name}: {' '.join(text.split())[:200]} ..."])
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """The last step has ended."""
        if self._timer is not None:
            self._timer.cancel()


def announce_once(marker: Path) -> None:
    """Say, before the first time, that a rehearsal runs what the project's Dockerfile says."""
    if marker.exists():
        return
    print_error(
        "migrate: a rehearsal runs the project's RUN lines, packages and code, as `docker build` and fal do; here they are confined "
        "(docs/rehearsal.md)."
    )
    with contextlib.suppress(OSError):
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
