"""What `migrate PATH` was asked for, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from converters.errors import ExitCode, MigrateError
from converters.options import Options
from converters.outcome import Crashed, NotConverted, Unchanged
from converters.output import Asked, Written
from converters.reports.forms import form, shows_changes
from converters.reports.json import Document, document, is_open_code
from converters.terminal import save_report

if TYPE_CHECKING:
    from converters.rehearsal.result import Rehearsal
    from converters.review.changes import FileReview
    from converters.verify.certificate import Certificate


FailOn = Literal["manual", "error", "never"]


@dataclass(frozen=True)
class Request:
    """Everything that `migrate PATH` was asked for."""

    path: Path
    options: Options = field(default_factory=Options)
    output: Path | None = None
    force: bool = False
    diff: bool = False
    check: bool = False
    verify: bool = False
    rehearse: bool = False
    unconfined: bool = False
    commit: bool = False
    """Whether what is written in place is committed."""
    review: bool = False
    """Whether a person decides every change at the terminal."""
    plan: Path | None = None
    """Where the answers of that are kept, or come from."""
    fail_on: FailOn = "manual"
    format: str = "text"
    """One of `reports.forms.formats()`."""
    quiet: bool = False
    asked: Asked | None = None
    """What was typed, for `migrate status`."""
    again: str = ""
    """The command that shows the findings again, for a shell."""

    @property
    def entry(self) -> str:
        """The entry that was asked for; '' for a whole folder."""
        return self.options.unit or (self.path.name if self.path.is_file() else "")

    @property
    def dry(self) -> bool:
        return self.diff or self.check


@dataclass(frozen=True)
class Result:
    """The document of a run, and what only a terminal shows."""

    document: Document
    written: Written | None = None
    diff: bytes = b""
    certificates: tuple[Certificate, ...] = ()
    rehearsals: tuple[Rehearsal, ...] = ()
    changes: tuple[FileReview, ...] = ()
    """The changed lines, where the form of the report shows them."""

    @property
    def exit_code(self) -> int:
        return int(self.document["exit_code"])


def failed(outcome: NotConverted | Unchanged | Crashed, fail_on: FailOn = "manual", entry: str = "") -> Result:
    """The result where nothing was converted; the report of a bug is saved and named."""
    code = outcome.exit_code if isinstance(outcome, Unchanged) else forgiven(outcome.exit_code, fail_on)
    made = document(outcome, code, entry=entry)
    return Result({**made, "report": str(save_report(outcome.report))} if isinstance(outcome, Crashed) else made)


def forgiven(code: ExitCode, fail_on: FailOn) -> ExitCode:
    """What `--fail-on` makes of an exit code: `error` forgives 3, `never` 3 and 4."""
    passed = {"manual": (), "error": (ExitCode.MANUAL,), "never": (ExitCode.MANUAL, ExitCode.UNSUPPORTED)}[fail_on]
    return ExitCode.DONE if code in passed else code


def show(result: Result, request: Request) -> None:
    """Print a result: the report or the diff on standard output, errors on standard error."""
    from converters.terminal import print_bytes, print_error, print_text, wants_colour

    made = result.document
    if made["status"] == "crashed":
        print_error(f"internal error: {made['message']} The report for an issue is in {made['report']}")
    elif made["message"] and not (request.quiet and made["exit_code"] == ExitCode.DONE):
        error = MigrateError(made["message"], hint=made["hint"] or "", file=made["file"] or made["source"]["path"], line=made["line"] or 0)
        print_error(str(error))
    if request.format == "json":
        from converters.reports.json import render

        print_text(render(made))
    elif request.diff and not shows_changes(request.format):
        from converters.review.diff import coloured

        print_bytes(coloured(result.diff) if wants_colour(sys.stdout) else result.diff)
        if made.get("diff_masked"):
            print_error("secrets are masked in this diff, so `git apply` does not take it where they stand; what is written is exact.")
        for item in filter(is_open_code, () if request.quiet else made["ledger"]["items"]):
            print_error(f"{item['file']}:{item['line']}: {' '.join(item['message'].split())}")
    elif not request.quiet and (request.format != "text" or made["status"] in ("converted", "partial")):
        from converters.reports import print_report

        print_report(made, request.format, result.changes)
    if result.certificates and request.format != "json":
        _show_certificates(result.certificates, request)
    if result.rehearsals and request.format != "json":
        _show_rehearsals(result.rehearsals, request)
    for note in result.written.notes if result.written else ():
        print_error(note)
    for conflict in made.get("conflicts", ()):
        print_error(f"{conflict['path']}: {conflict['message']}")


def _show_certificates(certificates: Sequence[Certificate], request: Request) -> None:
    from converters.terminal import print_error, print_text

    if request.format == "text":
        from converters.verify.report import as_text

        if not request.quiet:
            print_text(as_text(certificates))
        return
    shown = form(request.format)
    text = shown.render_certificates(certificates)
    if shown.is_alone:
        for line in text.splitlines():
            print_error(line)
    elif not request.quiet:
        print_text(text)


def _show_rehearsals(rehearsals: Sequence[Rehearsal], request: Request) -> None:
    from converters.rehearsal.report import as_markdown, as_text
    from converters.terminal import print_error, print_text

    if request.format in ("text", "markdown"):
        if not request.quiet:
            print_text(as_text(rehearsals) if request.format == "text" else as_markdown(rehearsals))
        return
    for line in as_text(rehearsals).splitlines():
        print_error(line)
