"""The decisions about a server, with how sure they are and what else was considered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from converters.ir import App, Finding
from converters.provenance import Candidate, Certainty, Clue, Decision, Origin
from converters.sources.docker.candidate import Candidate as Image

CONSIDERED = 8
"""Images that are named beside the chosen one."""


def record(images: Sequence[Image], app: App) -> None:
    """Record which image was chosen of the candidates, best first, and what each kind of finding came to."""
    app.decide(_image(images))
    findings = sorted(app.server.findings if app.server else [], key=lambda one: one.subject)
    for _, group in groupby(findings, key=lambda one: one.subject):
        decision = _of_findings(list(group))
        if decision is not None:
            app.decide(decision)


def _image(images: Sequence[Image]) -> Decision:
    chosen, *others = images
    certainty = Certainty.STATED if chosen.config is not None or not others else Certainty.DERIVED
    place = Origin(file=_name(chosen), line=1)
    evidence = tuple(Clue(text=reason, origin=place) for reason in chosen.reasons)
    lost = tuple(
        Candidate(value=_name(one), why=f"score {one.score}, the chosen one {chosen.score}: {', '.join(one.reasons)}")
        for one in others[:CONSIDERED]
    )
    return Decision(subject="image", value=_name(chosen), certainty=certainty, evidence=evidence, lost=lost)


def _name(image: Image) -> str:
    """The Dockerfile with its target and service, or the reference of a ready image."""
    file = image.file or image.image
    service = f" for service {image.service.name} of {image.service.file.path}" if image.service else ""
    return f"{file}{f' ({image.target})' if image.target else ''}{service}"


def _of_findings(findings: list[Finding]) -> Decision | None:
    """The decision that the findings about one subject came to: those with the same value support it, the others lost."""
    chosen = next((one for one in findings if one.decided), None)
    if chosen is None:
        return None
    support = [chosen, *(one for one in findings if one is not chosen and one.value == chosen.value)]
    return Decision(
        subject=chosen.subject,
        value=chosen.value,
        certainty=chosen.certainty,
        evidence=tuple(Clue(text=one.why, origin=one.origin) for one in support),
        lost=tuple(Candidate(value=one.value, why=one.why, origin=one.origin) for one in findings if one.value != chosen.value),
    )
