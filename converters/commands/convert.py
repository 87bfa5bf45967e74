"""What `migrate PATH` does: convert, write or compare, report, answer with an exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from converters.commands.conversion import Request, Result, failed, forgiven
from converters.commands.repeat import command
from converters.commands.repeat import conversion as conversion_again
from converters.credentials.recognize import Dialect, dialect_of
from converters.errors import ExitCode, MigrateError, UsageError
from converters.outcome import Converted, Outcome
from converters.output import Asked, Written, default_output, write, write_in_place
from converters.reports.forms import shows_changes
from converters.reports.json import Document, document, failure

if TYPE_CHECKING:
    from converters.rehearsal.result import Rehearsal
    from converters.review.changes import FileReview
    from converters.verify.certificate import Certificate


def perform(request: Request) -> Result:
    """Convert and write. Whatever happens is in the result; only interrupts pass through."""
    from converters.convert import convert

    if request.review:
        from converters.commands.review import reviewed

        return finish(request, lambda: reviewed(request))
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
    outcome = None
    try:
        before_reading(request)
        outcome = conversion()
        result = _finish(request, outcome)
    except MigrateError as error:
        status = "interrupted" if error.code == ExitCode.INTERRUPTED else "refused"
        result = Result(failure(request.path, status, error, error.code, entry=request.entry))
    return _with_findings(request, outcome, result) if request.format == "json" else result


def _with_findings(request: Request, outcome: Outcome | None, result: Result) -> Result:
    """A result whose document also has what a program acts on."""
    from converters.commands.actionable import of_certificates, of_conversion, of_rehearsals

    output = result.written.path if result.written is not None else None
    again = request.again or conversion_again(request.path, {})
    found = of_conversion(result.document, outcome, again, output)
    if isinstance(outcome, Converted) and output is not None and result.certificates:
        again_verified = command("verify", request.path, output)
        found += of_certificates(result.document["certificates"], outcome, output, again_verified)
    if output is not None and result.rehearsals:
        found += of_rehearsals(result.document["rehearsals"], output, command("rehearse", output))
    return replace(result, document={**result.document, "findings": found})


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
    shown = _changes(request, outcome)
    if request.options.in_place:
        written = write_in_place(outcome, commits=request.commit)
    else:
        output = request.output or default_output(outcome)
        written = write(outcome, output, force=request.force, asked=_asked(request, output))
    code = forgiven(ExitCode.MANUAL if written.conflicts else outcome.exit_code, request.fail_on)
    if any(conflict.marked for conflict in written.conflicts):
        code = ExitCode.MANUAL  # never forgiven: the output does not run
    certificates = tuple(certified(Certified(request.path), outcome, written.path)) if request.verify else ()
    code = ExitCode.DIFFERENT if differs(certificates) else code
    rehearsals = _rehearsed(request, outcome, written.path, entry) if request.rehearse else ()
    certificates = tuple(_naming(certificate, rehearsals) for certificate in certificates)
    made = document(outcome, max(code, _rehearsal_code(rehearsals)), output=written.path, entry=entry)
    if request.verify:
        made["certificates"] = [certificate.model_dump(mode="json") for certificate in certificates]
    if request.rehearse:
        from converters.rehearsal.report import plain

        made["rehearsals"] = [plain(rehearsal) for rehearsal in rehearsals]
    return Result(_with_conflicts(made, written), written, certificates=certificates, rehearsals=rehearsals, changes=shown)


def _asked(request: Request, output: Path) -> Asked | None:
    """What was typed; a review that keeps its plan beside the output is asked with that plan the next time."""
    if request.asked is None or not request.review:
        return request.asked
    from converters.commands.review import plan_beside

    plan = request.plan or plan_beside(output)
    return replace(request.asked, options={**request.asked.options, "plan": str(plan.absolute())})


def _changes(request: Request, converted: Converted) -> tuple[FileReview, ...]:
    """The changed lines, where the form of the report shows them; read before the project itself may change."""
    if not shows_changes(request.format):
        return ()
    from converters.review.changes import changes

    return changes(converted)


def _rehearsed(request: Request, outcome: Converted, path: Path, entry: str) -> tuple[Rehearsal, ...]:
    """The rehearsals of what was written, each failure with its place in the source; secrets are masked."""
    from converters.commands.rehearse import Request as Rehearsed
    from converters.commands.rehearse import rehearsed
    from converters.credentials.withhold import mask_model
    from converters.rehearsal.origin import with_source

    told = document(outcome, ExitCode.DONE, output=path, entry=entry)
    made = rehearsed(Rehearsed(path, quiet=request.quiet))
    return tuple(mask_model(with_source(rehearsal, told), outcome.vault) for rehearsal in made)


def _naming(certificate: Certificate, rehearsals: Sequence[Rehearsal]) -> Certificate:
    """The certificate of an app with what came of its rehearsal, where there was one."""
    from converters.verify.certificate import Rehearsed

    one = next((rehearsal for rehearsal in rehearsals if rehearsal.app == certificate.app), None)
    if one is None:
        return certificate
    failure = one.failure
    told = Rehearsed(
        verdict=one.verdict,
        why=failure.why if failure is not None else one.skipped,
        place=str(failure.place) if failure is not None and failure.place is not None else "",
    )
    return certificate.model_copy(update={"rehearsal": told})


def _rehearsal_code(rehearsals: Sequence[Rehearsal]) -> ExitCode:
    return ExitCode.REHEARSAL_FAILED if any(rehearsal.failed for rehearsal in rehearsals) else ExitCode.DONE


def _compare(request: Request, converted: Converted) -> Result:
    """`--diff` and `--check`: what a conversion would answer, else 1 where it would change or add anything."""
    from converters.review.diff import project_diff

    code = forgiven(converted.exit_code, request.fail_on)
    if code == ExitCode.DONE and any(change.action in ("added", "modified") for change in converted.files):
        code = ExitCode.WOULD_CHANGE
    made = document(converted, code, entry=request.entry)
    if shows_changes(request.format) or not request.diff:
        return Result(made, changes=_changes(request, converted))
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
    commits = [{"id": one.id, "subject": one.subject, "rules": list(one.rules)} for one in written.commits]
    made = {**made, "commits": commits} if commits else made
    return {**made, "conflicts": conflicts, "edited": list(written.edited), "replaced": str(written.replaced) if written.replaced else None}
