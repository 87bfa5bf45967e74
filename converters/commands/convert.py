"""What `migrate PATH` does: convert, write or compare, report, answer with an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from converters.credentials.recognize import Dialect, dialect_of
from converters.errors import ExitCode, MigrateError, UsageError
from converters.options import Options
from converters.outcome import Converted, Crashed, NotConverted, Outcome, Unchanged
from converters.output import Written, default_output, write, write_in_place
from converters.reports.json import Document, document, failure, is_open_code
from converters.terminal import save_report

if TYPE_CHECKING:
    from converters.verify.certificate import Certificate

FailOn = Literal["manual", "error", "never"]
Format = Literal["text", "json", "markdown", "github"]


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
    unconfined: bool = False
    fail_on: FailOn = "manual"
    format: Format = "text"
    quiet: bool = False

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

    @property
    def exit_code(self) -> int:
        return int(self.document["exit_code"])


def perform(request: Request) -> Result:
    """Convert and write. Whatever happens is in the result; only interrupts pass through."""
    from converters.convert import convert

    return finish(request, lambda: convert(request.path, request.options))


def before_reading(request: Request) -> None:
    """Put a project right that a killed `--in-place` run left half written. Raises `UsageError` where only `--in-place` may do that."""
    from converters.output import in_place

    folder = request.path if request.path.is_dir() else request.path.parent
    if request.options.in_place and not request.dry:
        in_place.restore(folder)
    elif in_place.interrupted(folder):
        hint = "Run it again with --in-place: that first puts back what was there before."
        raise UsageError("is half converted: an --in-place run was killed before it was done.", file=str(folder), hint=hint)


def finish(request: Request, conversion: Callable[[], Outcome]) -> Result:
    """Write or compare what a conversion comes to; options that do not fit it are part of the result."""
    try:
        before_reading(request)
        return _finish(request, conversion())
    except MigrateError as error:
        return Result(failure(request.path, "refused", error, error.code, entry=request.entry))


def _finish(request: Request, outcome: Outcome) -> Result:
    from converters.commands.verify import Request as Certified
    from converters.commands.verify import certified, differs, must_be_verifiable

    entry = request.entry
    if not isinstance(outcome, Converted):
        return failed(outcome, request.fail_on, entry)
    if request.dry:
        return _compare(request, outcome)
    if request.verify:
        must_be_verifiable(outcome, unconfined=request.unconfined)
    if request.options.in_place:
        written = write_in_place(outcome)
    else:
        written = write(outcome, request.output or default_output(outcome), force=request.force)
    code = forgiven(ExitCode.MANUAL if written.conflicts else outcome.exit_code, request.fail_on)
    if any(conflict.marked for conflict in written.conflicts):
        code = ExitCode.MANUAL  # never forgiven: the output does not run
    certificates = tuple(certified(Certified(request.path), outcome, written.path)) if request.verify else ()
    made = document(outcome, ExitCode.DIFFERENT if differs(certificates) else code, output=written.path, entry=entry)
    if request.verify:
        made["certificates"] = [certificate.model_dump(mode="json") for certificate in certificates]
    return Result(_with_conflicts(made, written), written, certificates=certificates)


def failed(outcome: NotConverted | Unchanged | Crashed, fail_on: FailOn = "manual", entry: str = "") -> Result:
    """The result where nothing was converted; the report of a bug is saved and named."""
    code = outcome.exit_code if isinstance(outcome, Unchanged) else forgiven(outcome.exit_code, fail_on)
    made = document(outcome, code, entry=entry)
    return Result({**made, "report": str(save_report(outcome.report))} if isinstance(outcome, Crashed) else made)


def _compare(request: Request, converted: Converted) -> Result:
    """`--diff` and `--check`: what a conversion would answer, else 1 where it would change or add anything."""
    from converters.review.diff import project_diff

    code = forgiven(converted.exit_code, request.fail_on)
    if code == ExitCode.DONE and any(change.action in ("added", "modified") for change in converted.files):
        code = ExitCode.WOULD_CHANGE
    made = document(converted, code, entry=request.entry)
    if not request.diff:
        return Result(made)
    diff = project_diff(converted)
    shown = _masked(diff, converted)
    return Result({**made, **_diff_text(shown), "diff_masked": shown != diff}, diff=shown)


def _masked(diff: bytes, converted: Converted) -> bytes:
    """A diff without the secrets of the lines around a change and of those that go: each line as it is masked in its file."""
    vault, lines = converted.vault, dict[str, str]()
    for change in converted.files:
        for data in (change.before, change.data) if change.action in ("added", "modified") else ():
            text = (data or b"").decode("utf-8", errors="surrogateescape")
            masked = vault.mask(text, dialect_of(change.path)) if data and b"\0" not in data else text
            lines |= {old: new for old, new in zip(text.split("\n"), masked.split("\n"), strict=False) if old != new}
    shown = diff.decode("utf-8", errors="surrogateescape").split("\n")
    shown = [line[:1] + lines[line[1:]] if line[1:] in lines else line for line in shown]
    return vault.mask("\n".join(shown), Dialect.CONFIG).encode("utf-8", errors="surrogateescape")


def _diff_text(diff: bytes) -> Document:
    """JSON holds text: a diff of files that are no UTF-8 is given in base64."""
    import base64

    try:
        return {"diff": diff.decode(), "diff_base64": None}
    except UnicodeDecodeError:
        return {"diff": None, "diff_base64": base64.b64encode(diff).decode()}


def _with_conflicts(made: Document, written: Written) -> Document:
    conflicts = [{"path": conflict.path, "message": conflict.message} for conflict in written.conflicts]
    return {**made, "conflicts": conflicts, "edited": list(written.edited), "replaced": str(written.replaced) if written.replaced else None}


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
    elif request.diff:
        from converters.review.diff import coloured

        print_bytes(coloured(result.diff) if wants_colour(sys.stdout) else result.diff)
        if made.get("diff_masked"):
            print_error("secrets are masked in this diff, so `git apply` does not take it where they stand; what is written is exact.")
        for item in filter(is_open_code, () if request.quiet else made["ledger"]["items"]):
            print_error(f"{item['file']}:{item['line']}: {' '.join(item['message'].split())}")
    elif not request.quiet and (request.format != "text" or made["status"] in ("converted", "partial")):
        from converters.reports import print_report

        print_report(made, request.format)
    if result.certificates and request.format != "json":
        _show_certificates(result.certificates, request)
    for note in result.written.notes if result.written else ():
        print_error(note)
    for conflict in made.get("conflicts", ()):
        print_error(f"{conflict['path']}: {conflict['message']}")


def _show_certificates(certificates: Sequence[Certificate], request: Request) -> None:
    from converters.terminal import print_error, print_text
    from converters.verify.report import as_markdown, as_text

    if request.format == "github":  # whose standard output is annotations
        for line in as_text(certificates).splitlines():
            print_error(line)
    elif not request.quiet:
        print_text(as_markdown(certificates) if request.format == "markdown" else as_text(certificates))
