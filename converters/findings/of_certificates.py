"""The findings of `migrate verify`: where an app does something else than its source."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from converters.findings.context import Context
from converters.findings.finding import Document, Evidence, Finding
from converters.findings.identity import identified
from converters.findings.tracebacks import frames, said

_KINDS = {"$": "result", "chunks": "stream", "outcome": "outcome", "status": "status", "headers": "headers", "calls": "calls"}
"""The beginning of a difference's path -> the kind of its finding; every other path names its own."""
_SHOWN = 3
"""Requests that are told for each difference."""
_LONGEST = 400
"""Characters of a request that are told."""
_BREACHES = (
    ("refused", "the app refuses a request that the source takes", "the app takes every request that the source takes"),
    (
        "outside",
        "the app may answer what the source's schema does not allow",
        "every answer of the app is one that the source's schema allows",
    ),
    (
        "answered",
        "the app answered what the source's schema does not allow",
        "every answer of the app is one that the source's schema allows",
    ),
)
DOCUMENTATION = "https://fal.ai/docs/documentation/development/endpoints-overview"


@dataclass(frozen=True)
class Target:
    """What is known of the app: where its program is, and diffs with which files become what the conversion writes."""

    file: str = ""
    line: int = 0
    restored: Mapping[str, str] = field(default_factory=dict)
    """Path -> diff, of the files that are not as the conversion writes them."""


@dataclass(frozen=True)
class _Seen:
    """What differs in one way."""

    kind: str
    about: str
    observed: str
    expected: str
    requests: tuple[Evidence, ...] = ()
    traceback: tuple[Evidence, ...] = ()


def findings(certificates: Sequence[Document], targets: Mapping[str, Target], context: Context) -> list[Finding]:
    """The findings of certificates, by apps; `targets` by their names."""
    rows = [(one["app"], seen) for one in certificates for seen in _seen(one, context)]
    ids = identified(rows, lambda row: (f"verify.{row[1].kind}", row[0], row[1].about))
    return [_finding(id, seen, targets.get(app, Target()), context) for id, (app, seen) in ids]


def _seen(certificate: Document, context: Context) -> Iterator[_Seen]:
    """What differs, each way once: how it starts and loads, what answers differ in, what the schemas differ in."""
    found = [*_of_loading(certificate), *_of_answers(certificate["trials"], context), *_of_schemas(certificate["schemas"])]
    yield from found
    if certificate["verdict"] == "different" and not found:
        why = certificate["why"]
        place = said(why, context.names)
        shown = frames(certificate["traceback"], context.names) or ((place,) if place is not None else ())
        yield _Seen("start", "", why, "the app starts, as its source does", (), shown)


def _of_loading(certificate: Document) -> Iterator[_Seen]:
    for one in certificate["loading"]:
        yield _Seen(
            "loading", one["path"], f"while it loads, the app does: {one['target']}", f"it does what the source does: {one['source']}"
        )


def _of_answers(trials: Sequence[Document], context: Context) -> Iterator[_Seen]:
    """Differences at one place of answers, however many requests show them, by the smallest of these."""
    shown: dict[str, list[tuple[Document, Document]]] = {}
    for trial in sorted(trials, key=lambda trial: trial["kind"] != "shrunk"):
        for difference in trial["differences"] if not trial["same"] else ():
            shown.setdefault(re.sub(r"\[\d+\]", "[]", difference["path"]), []).append((trial, difference))
    for path, pairs in shown.items():
        trial, difference = pairs[0]
        yield _Seen(
            _KINDS.get(re.split(r"[.\[]", path)[0], re.sub(r"\W.*", "", path)),
            path,
            f"{difference['path']} is {difference['target']}",
            f"{difference['path']} is {difference['source']}, as the source answers",
            _requests([one for one, _ in pairs]),
            frames(trial["target"]["traceback"], context.names) or tuple(Evidence(line) for line in trial["target"]["traceback"][-1:]),
        )


def _requests(trials: Sequence[Document]) -> tuple[Evidence, ...]:
    distinct = {json.dumps(trial["body"], ensure_ascii=False)[:_LONGEST]: trial for trial in reversed(trials)}
    told = [f"request ({trial['about']}): {body}" for body, trial in reversed(distinct.items())][:_SHOWN]
    return tuple(Evidence(text) for text in [*told, *([f"{len(trials)} requests show it"] if len(trials) > 1 else [])])


def _of_schemas(schemas: Document | None) -> Iterator[_Seen]:
    if schemas is None:
        return
    for key, observed, expected in _BREACHES:
        for breach in schemas[key]:
            value = json.dumps(breach["value"], ensure_ascii=False)[:_LONGEST]
            yield _Seen("schema", f"{key} {breach['path']}", f"{observed}: {value} ({breach['path']}: {breach['why']})", expected)
    for text in schemas["changed"]:
        yield _Seen("schema", text.partition(":")[0], text, "the input has the source's fields and defaults")


def _finding(id: str, seen: _Seen, target: Target, context: Context) -> Finding:
    places = [one for one in seen.traceback if one.file]
    file, line = (places[-1].file, places[-1].line) if places else (target.file, target.line)
    edit = target.restored.get(file) or "".join(target.restored.values()) or None
    return Finding(
        id=id,
        rule=f"verify.{seen.kind}",
        scope="code",
        file=file,
        line=line,
        place="app" if context.folder is not None else "output",
        about=seen.about,
        observed=seen.observed,
        expected=seen.expected,
        todo="Bring the file back to what the conversion writes, with the edit, or make the change that was meant without this."
        if edit
        else "",
        evidence=(*seen.requests, *seen.traceback, *(context.quoted(context.files, file, line) if not places else ())),
        edit=edit,
        applies_in=context.folder if edit is not None else None,
        documentation=(DOCUMENTATION,),
        reproduce=context.reproduce,
    )
