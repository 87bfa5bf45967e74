"""What came of one request, and what all of them show."""

from __future__ import annotations

from collections.abc import Sequence

from .certificate import Answer, Differing, Trial, Verdict
from .compare import Difference
from .requests import Request, names_own_file
from .sides import Asked


def trial(request: Request, stream: bool, asked: Asked) -> Trial:
    """One request and both answers, as the certificate has them."""
    narrowed = _is_narrowed(request, asked)
    return Trial(
        number=asked.number,
        kind=request.kind,
        about=request.about,
        body=request.body,
        operation=request.operation,
        stream=stream,
        fault=request.fault,
        together=request.together,
        source=Answer.of(asked.before, len(asked.calls)),
        target=Answer.of(asked.after, len(asked.calls_after)),
        same=not asked.differences or narrowed,
        narrowed=narrowed,
        reached=asked.reached,
        differences=[Differing.of(difference) for difference in asked.differences],
        printed=None if asked.prints is None else Differing.of(asked.prints),
        not_proven=sorted(asked.noisy),
    )


def verdict(trials: Sequence[Trial], loading: Sequence[Difference], result: str) -> tuple[Verdict, str]:
    """The verdict on an app by its trials and how its loading differs, and why; ``result``: what an answer that proves something is."""
    if loading:
        return "different", f"loading differs: {loading[0].said}"
    different = [trial for trial in trials if not trial.same]
    if different:
        first = min(different, key=lambda trial: trial.kind != "shrunk")
        return "different", f"{len(different)} of {len(trials)} requests differ, first at {first.differences[0].path} ({first.about})"
    proven = sum(trial.reached for trial in trials)
    if proven:
        return "equivalent", f"{len(trials)} requests were answered alike, {proven} of them with {result}"
    return "not proven", f"no request reached {result} on both sides: {_last_error(trials)}"


def _last_error(trials: Sequence[Trial]) -> str:
    trial = next((trial for trial in trials if trial.kind in ("example", "plausible", "repaired")), None)
    return f"{trial.source.kind} {str(trial.source.value)[:200]}" if trial else "there was none to send"


def _is_narrowed(request: Request, asked: Asked) -> bool:
    """Whether the app refuses what has a wrong type for its schema, or names a file of the machine, and the source took it."""
    refused = asked.after.kind == "refused" and asked.before.kind == "result"
    return refused and (request.kind == "mistyped" or names_own_file(request))
