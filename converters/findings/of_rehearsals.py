"""The findings of `migrate rehearse`: the first step of each app that failed, and what could not be rehearsed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from converters.findings.context import Context, documentation
from converters.findings.finding import Document, Evidence, Finding
from converters.findings.identity import identified
from converters.findings.tracebacks import frames

EXPECTED = {
    "load": "the app loads on the machine that deploys, as `fal deploy` loads it",
    "build": "every step of the build ends with exit code 0",
    "fal": "fal's own packages install into the Python that its runner starts, and the app's pickle loads there",
    "start": "the app starts, `setup()` included, within its `startup_timeout`",
    "health": "the health check answers 200",
    "request": "the request is answered with a result",
    "skipped": "everything that the app is built of can be had or stood in for here",
}
"""Stage -> what holds where it does not fail."""
_DOCS = {
    "load": "https://fal.ai/docs/documentation/development/import-code",
    "build": "https://fal.ai/docs/documentation/development/use-custom-container-image",
    "fal": "https://fal.ai/docs/documentation/development/container-setup",
    "start": "https://fal.ai/docs/documentation/development/container-setup",
    "health": "https://fal.ai/docs/documentation/development/container-setup",
    "request": "https://fal.ai/docs/documentation/development/endpoints-overview",
    "skipped": "https://fal.ai/docs/documentation/development/container-setup",
}


def findings(rehearsals: Sequence[Document], checked: Sequence[Finding], context: Context) -> list[Finding]:
    """The findings of rehearsals. `checked`: those of the preflight, one of which may know the edit for the line that failed."""
    rows = [(_stage(one), one) for one in rehearsals if _stage(one)]
    ids = identified(rows, lambda row: (f"rehearse.{row[0]}", row[1]["app"], (row[1]["failure"] or {}).get("what", "")))
    return [_finding(id, stage, one, checked, context) for id, (stage, one) in ids]


def _stage(rehearsal: Document) -> str:
    """Where it failed; `skipped` for one of which nothing can be said, '' for one that came through."""
    failure = rehearsal["failure"]
    return str(failure["stage"]) if failure else "skipped" if rehearsal["verdict"] == "not rehearsed" else ""


def _finding(id: str, stage: str, rehearsal: Document, checked: Sequence[Finding], context: Context) -> Finding:
    failure = rehearsal["failure"] or {}
    place = failure.get("place") or {"file": "", "line": 0}
    output = failure.get("output") or ()
    known = next((one for one in checked if (one.file, one.line) == (place["file"], place["line"]) and one.edit is not None), None)
    text = "\n".join(output)
    return Finding(
        id=id,
        rule=f"rehearse.{stage}",
        scope="deploy" if stage == "skipped" else "code",
        file=place["file"],
        line=place["line"],
        place="app",
        about=failure.get("what", ""),
        observed=(failure.get("why") or rehearsal["skipped"]).rstrip("."),
        expected=EXPECTED[stage],
        todo=failure.get("todo", "") or (known.todo if known is not None else ""),
        evidence=(
            *frames(output, context.names),
            *([Evidence(context.mask("", text))] if text else []),
            *context.quoted(context.files, place["file"], place["line"]),
            *_origin(failure),
        ),
        edit=known.edit if known is not None else None,
        applies_in=known.applies_in if known is not None else None,
        documentation=(_DOCS[stage], *(documentation(known.rule) if known is not None else ())),
        reproduce=f"{context.reproduce} --app {shlex.quote(rehearsal['app'])}",
    )


def _origin(failure: Document) -> tuple[Evidence, ...]:
    source = failure.get("source")
    return (Evidence("made of this line of the source", source["file"], source["line"]),) if source else ()
