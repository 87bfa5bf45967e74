"""The answers of a review on the files of a conversion: pure, so that a plan gives the same bytes with a terminal and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from converters.answers import Answer, Answers
from converters.compiled import DoesNotCompile, must_compile
from converters.errors import UsageError
from converters.ir import Disposition, Origin
from converters.ledger import Item, Ledger
from converters.ledger import Place as Output
from converters.lines import edits, lines_of
from converters.outcome import FileChange
from converters.parsing import refusal
from converters.project import Project
from converters.review.proposals import Proposal, of_file, proposals

_NAMED = 5
"""Changes that a refusal names."""
ACCEPT = Answer("accept")


def decided(files: Mapping[str, FileChange], answers: Answers, ledger: Ledger, project: Project) -> dict[str, FileChange]:
    """The files as the answers leave them; what was rejected is left to a person in the ledger.

    Raises `UsageError` where a change has no answer, or what the answers leave is no program.
    """
    must_compile(files.values(), project)  # what is wrong before any answer is a bug of ours
    _require_all(proposals(files.values()), answers)
    made: dict[str, FileChange] = {}
    for path, change in files.items():
        asked = of_file(change) if proposals([change]) else []
        done = applied(change, asked, answers) if asked else change
        if done is not None:
            made[path] = done
        for proposal in asked:
            _account(ledger, proposal, answers[proposal.id])
        if asked and (done is None or done.data != change.data):
            _move(ledger, change, done)
    if fault := faults(made.values(), project):
        raise UsageError(f"the answers of the review do not go together: {fault}.", hint="Decide again with --review.")
    return made


def applied(change: FileChange, asked: Sequence[Proposal], answers: Answers) -> FileChange | None:
    """One file as the answers leave it, where a change without one counts as accepted; None for an added file that is rejected."""
    chosen = [answers.get(proposal.id, ACCEPT) for proposal in asked]
    if all(answer.decision == "accept" for answer in chosen):
        return change
    if change.action == "added" and chosen[0].decision == "reject":
        return None
    data = _joined(lines_of(change.before or b""), asked, chosen)
    left = [one for one, answer in zip(asked, chosen, strict=True) if answer.decision != "reject"]
    hunks = tuple(hunk for hunk in change.hunks if any(hunk in one.reasons for one in left))
    if data == change.before:
        return replace(change, action="copied", data=data, hunks=())
    return replace(change, data=data, hunks=hunks)


def faults(files: Iterable[FileChange], project: Project) -> str:
    """What is wrong with the first file that is no program, as far as its source was one; '' where nothing is."""
    changed = [change for change in files if change.action in ("added", "modified") and change.data is not None]
    for change in changed:
        why = refusal(change.path, change.data or b"")
        if why and not (change.before is not None and refusal(change.path, change.before)):
            return f"{change.path}: {why}"
    try:
        must_compile(changed, project)
    except DoesNotCompile as error:
        return error.fault
    return ""


def _joined(old: Sequence[bytes], asked: Sequence[Proposal], chosen: Sequence[Answer]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for proposal, answer in zip(asked, chosen, strict=True):
        pieces += old[position : proposal.start]
        text = {"accept": proposal.new, "reject": proposal.old, "edit": answer.text}[answer.decision]
        ends = proposal.end == len(old)
        pieces.append(text if ends or not text or text.endswith(b"\n") else text + b"\n")
        position = proposal.end
    return b"".join([*pieces, *old[position:]])


def _require_all(asked: Sequence[Proposal], answers: Answers) -> None:
    open_ones = [proposal for proposal in asked if proposal.id not in answers]
    if not open_ones:
        return
    places = ", ".join(f"{one.path}:{one.line} ({' '.join(one.rules)})" for one in open_ones[:_NAMED])
    more = f" and {len(open_ones) - _NAMED} more" if len(open_ones) > _NAMED else ""
    count = f"{len(open_ones)} of {len(asked)} changes have" if len(asked) > 1 else "the change has"
    hint = "They are new, or what they change is: answer them with --review --plan FILE at a terminal."
    raise UsageError(f"{count} no answer in the plan: {places}{more}.", hint=hint)


def _account(ledger: Ledger, proposal: Proposal, answer: Answer) -> None:
    """Say in the ledger what a person rejected or wrote."""
    if answer.decision == "accept":
        return
    told = [item for item in (*ledger.settled.values(), *ledger.notes) if _is_about(item, proposal)]
    why = f" ({answer.why})" if answer.why else ""
    if answer.decision == "reject" and told:
        for item in told:
            item.disposition, item.output, item.notable = Disposition.MANUAL, None, False
            item.message = f"rejected in review{why}, and left as it was: {item.message}"
        return
    for reason in proposal.reasons[:1]:
        file, _, line = reason.source.rpartition(":") if proposal.whole and reason.source else (proposal.path, "", str(proposal.line))
        origin = Origin(file=file, line=int(line), end_line=max(int(line), proposal.end if file == proposal.path else 0))
        if answer.decision == "reject":
            what = f"{proposal.path} is not written" if proposal.whole else "left as it was"
            message = f"rejected in review{why}, {what}: {' '.join(reason.reason.split())}"
            ledger.note(reason.rule, Disposition.MANUAL, message, origin)
        else:
            place = Output(file=proposal.path, line=proposal.new_start + 1)
            ledger.note(reason.rule, Disposition.CONVERTED, "written as a person edited it in review", origin, output=place)


def _is_about(item: Item, proposal: Proposal) -> bool:
    """Whether an item says that these lines were changed by these rules."""
    changed = item.disposition in (Disposition.CONVERTED, Disposition.DROPPED)
    here = item.file == proposal.path and proposal.start < item.line <= max(proposal.end, proposal.line)
    return changed and here and not proposal.whole and item.rule in proposal.rules


def _move(ledger: Ledger, before: FileChange, after: FileChange | None) -> None:
    """Let the places in an output file follow its lines; what is no longer there has none."""
    old, new = lines_of(before.data or b""), lines_of(after.data or b"") if after is not None else []
    changes = edits(old, new)
    for item in (*ledger.settled.values(), *ledger.notes):
        if item.output is not None and item.output.file == before.path:
            at = item.output.line - 1
            gone = after is None or any(i1 <= at < i2 for _, i1, i2, _, _ in changes)
            shift = sum((j2 - j1) - (i2 - i1) for _, i1, i2, j1, j2 in changes if i2 <= at)
            item.output = None if gone else Output(file=before.path, line=at + shift + 1)
