"""Rehearsals as text, JSON, Markdown and HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from converters.errors import ExitCode
from converters.escape import html_log, log, one_line, visible
from converters.targets.templating import environment

from .result import Failure, Rehearsal, StoodIn, failed

Document = dict[str, Any]
_SHOWN = 12
"""Lines of output that a terminal shows."""


def document(path: str, rehearsals: Sequence[Rehearsal], findings: Sequence[Document] = ()) -> Document:
    """What `migrate rehearse --format json` prints (`converters/reports/rehearsal.schema.json`)."""
    told = [plain(one) for one in rehearsals]
    return {"version": 1, "exit_code": int(exit_code(rehearsals)), "path": path, "rehearsals": told, "findings": [*findings]}


def exit_code(rehearsals: Sequence[Rehearsal]) -> ExitCode:
    """7 where an app failed, 2 where there is none of which anything can be said, else 0."""
    if failed(rehearsals):
        return ExitCode.REHEARSAL_FAILED
    return ExitCode.USAGE if all(one.verdict == "not rehearsed" for one in rehearsals) else ExitCode.DONE


def plain(rehearsal: Rehearsal) -> Document:
    """One rehearsal as JSON, with its verdict."""
    made: Document = rehearsal.model_dump(mode="json")
    return {**made, "verdict": rehearsal.verdict}


def as_json(path: str, rehearsals: Sequence[Rehearsal], findings: Sequence[Document] = ()) -> str:
    return json.dumps(document(path, rehearsals, findings), indent=2) + "\n"


def as_text(rehearsals: Sequence[Rehearsal]) -> str:
    """What a person reads on a terminal."""
    return "".join(f"{one_line(line)}\n" for rehearsal in rehearsals for line in _text(rehearsal))


def _text(one: Rehearsal) -> Iterable[str]:
    yield f"{one.app}: {one.verdict}{f' after {one.seconds:g} s' if one.seconds else ''}"
    if one.failure is not None:
        yield from _failed(one.failure)
    if one.skipped:
        yield f"  not rehearsed: {one.skipped}"
    yield from (f"  {asked.what} answered {asked.status}" for asked in one.requests if 200 <= asked.status < 400)
    yield from (f"  {note}" for note in one.notes)
    for stood in one.stood_in:
        if stood.by != "a stub":
            yield f"  stood in for: {stood.what} by {stood.by}{_differs(stood)}"
    if stubs := [stood.what for stood in one.stood_in if stood.by == "a stub"]:
        yield f"  stubs, with doubles for modules: {', '.join(stubs)}"
    yield from (f"  not rehearsed: {text}" for text in one.not_rehearsed)


def _differs(stood: StoodIn) -> str:
    return f" ({', '.join(stood.differs)})" if stood.differs else ""


def _failed(failure: Failure) -> Iterable[str]:
    where = f"{failure.place}: " if failure.place else ""
    yield f"  {where}{failure.why}"
    yield f"    at: {failure.what}"
    if failure.source is not None:
        yield f"    comes from {failure.source} of the source"
    if failure.todo:
        yield f"    {failure.todo}"
    yield from (f"    | {line}" for line in failure.output[-_SHOWN:])


def as_markdown(rehearsals: Sequence[Rehearsal]) -> str:
    """A page for a pull request."""
    return log(visible(environment().get_template("rehearsal.md.j2").render(rehearsals=rehearsals), "\n"))


def as_html(rehearsals: Sequence[Rehearsal]) -> str:
    """A page of its own, without anything from elsewhere."""
    return html_log(environment(html=True).get_template("rehearsal.html.j2").render(rehearsals=rehearsals))
