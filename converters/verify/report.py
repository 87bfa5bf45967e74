"""Certificates as text, Markdown and HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from converters.escape import html_log, log, one_line, visible
from converters.targets.templating import environment

from .certificate import Certificate, Differing, Trial

_SHOWN = 5


def as_text(certificates: Sequence[Certificate]) -> str:
    """What a person reads on a terminal."""
    return "".join(f"{one_line(line)}\n" for certificate in certificates for line in _text(certificate))


def _text(certificate: Certificate) -> Iterable[str]:
    """The lines; what a project says in one cannot begin another, as they are escaped."""
    yield f"{certificate.app}: {certificate.verdict}"
    yield f"  {certificate.why}"
    yield from (f"    {line}" for line in certificate.traceback)
    yield f"  {len(certificate.trials)} requests in {certificate.seconds:g} s, seed {certificate.seed}"
    if certificate.sdk:
        yield f"  source under {certificate.sdk}"
    if certificate.rehearsal is not None:
        yield f"  rehearsed: {certificate.rehearsal.said}"
    if certificate.doubles:
        yield f"  doubles for {', '.join(certificate.doubles)}"
    for difference in certificate.loading:
        yield f"  while loading: {difference.source} became {difference.target}"
    if certificate.schemas is not None:
        yield f"  schemas compared with {certificate.schemas.source}"
        yield from (f"  {said}: {shortened(breach.value)} ({breach.path}: {breach.why})" for said, breach in certificate.schemas.breaches)
        yield from (f"  {text}" for text in certificate.schemas.changed)
    for trial in different(certificate)[:_SHOWN]:
        yield f"  {trial.about}: {json.dumps(trial.body)}{' (stream)' if trial.stream else ''}"
        for difference in trial.differences[:_SHOWN]:
            yield f"    {difference.path}"
            yield f"      source  {difference.source}"
            yield f"      target  {difference.target}"
        yield from (f"        {line}" for line in trial.target.traceback)
    narrowed = [trial for trial in certificate.trials if trial.narrowed]
    if narrowed:
        yield f"  refused by the app's types, though the source took it: {'; '.join(trial.about for trial in narrowed[:_SHOWN])}"
    for about, difference in printed(certificate)[:1]:
        yield f"  printed otherwise ({about}): {difference.source} became {difference.target}"
    for part in certificate.coverage:
        yield f"  {part.file}: {part.source} of {part.lines} lines ran in the source, {part.target} in the app"
    for text in certificate.not_proven[:_SHOWN]:
        yield f"  not proven: {text}"
    if certificate.not_enforced:
        yield f"  not enforced while it ran: {'; '.join(certificate.not_enforced)}"


def as_markdown(certificates: Sequence[Certificate]) -> str:
    """A page for a pull request."""
    return log(visible(environment().get_template("certificate.md.j2").render(**_shown_of(certificates)), "\n"))


def as_html(certificates: Sequence[Certificate]) -> str:
    """A page of its own, without anything from elsewhere."""
    return html_log(environment(html=True).get_template("certificate.html.j2").render(**_shown_of(certificates)))


def _shown_of(certificates: Sequence[Certificate]) -> dict[str, Any]:
    return {"certificates": certificates, "different": different, "printed": printed, "body": shortened}


def different(certificate: Certificate) -> list[Trial]:
    """The requests that were answered differently, the smallest first."""
    return sorted((trial for trial in certificate.trials if not trial.same), key=lambda trial: trial.kind != "shrunk")


def printed(certificate: Certificate) -> list[tuple[str, Differing]]:
    """What is printed otherwise, by what the request is about; the same difference once."""
    told = [(trial.about, trial.printed) for trial in certificate.trials if trial.printed is not None]
    found = {(difference.source, difference.target): (about, difference) for about, difference in reversed(told)}
    return list(reversed(found.values()))[:_SHOWN]


def shortened(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]}…"
