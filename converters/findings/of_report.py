"""The findings of a conversion, of a project or of its callers: what its ledger leaves to a person, or why there is no output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converters.findings.context import Context, documentation, expected
from converters.findings.finding import Document, Evidence, Finding
from converters.findings.identity import Key, identified, named
from converters.findings.wording import split
from converters.ledger import Item
from converters.reports.json import is_open

_REFUSALS = {
    "unsupported": "the project holds something that can become an app of fal",
    "unreadable": "every file that the conversion needs can be read",
    "refused": "the options fit the project and one another",
    "crashed": "the conversion ends without a bug of its own",
    "interrupted": "the conversion runs to its end",
}
"""Status -> what holds where there is an output."""


def findings(document: Document, items: Sequence[Item], context: Context) -> list[Finding]:
    """The findings of a document. `items` are those of its ledger, in the same order, with what the document does not show."""
    rows = [(row, item) for row, item in zip(document["ledger"]["items"], items, strict=True) if is_open(row)]
    found = [_of_item(id, row, item, document, context) for id, (row, item) in identified(rows, lambda pair: _key(*pair))]
    return found if document["status"] not in _REFUSALS else [_refusal(document, context), *found]


def _key(row: Document, item: Item) -> Key:
    return row["rule"], row["file"], _about(row, item)


def _about(row: Document, item: Item) -> str:
    return row["name"] or item.about or named(row["message"])


def _of_item(id: str, row: Document, item: Item, document: Document, context: Context) -> Finding:
    observed, todo = split(row["message"])
    edit = context.edit(item.suggestion)
    is_made = context.sources(row["file"]) is None and context.files(row["file"]) is not None
    files = context.files if is_made else context.sources
    return Finding(
        id=id,
        rule=row["rule"],
        scope=row["scope"],
        file=row["file"],
        line=row["line"],
        place="output" if is_made else "source",
        about=_about(row, item),
        observed=observed,
        expected=expected(row["rule"]),
        todo=todo,
        evidence=(*context.quoted(files, row["file"], row["line"]), *_output(row, context), *_decided(row["rule"], document["apps"])),
        edit=edit,
        applies_in=context.folder if edit is not None else None,
        documentation=documentation(row["rule"]),
        reproduce=context.reproduce,
    )


def _output(row: Document, context: Context) -> tuple[Evidence, ...]:
    """The line of the output, where it is another one."""
    place = row["output"]
    if place is None or (place["file"], place["line"]) == (row["file"], row["line"]):
        return ()
    return context.quoted(context.files, place["file"], place["line"]) or (Evidence("in the output", place["file"], place["line"]),)


def _decided(rule: str, apps: Sequence[Document]) -> tuple[Evidence, ...]:
    """What a decision by the same rule rests on."""
    clues: list[Document] = [clue for app in apps for one in app["decisions"] if one["rule"] == rule for clue in one["evidence"]]
    told = {Evidence(clue["text"], clue["file"] or "", clue["line"] or 0): None for clue in clues}
    return tuple(told)


def _refusal(document: Document, context: Context) -> Finding:
    """Why there is no output, as one finding."""
    rule = f"convert.{document['status']}"
    file, line = document["file"] or "", document["line"] or 0
    message: Any = document["message"]
    ((id, _),) = identified([message], lambda text: (rule, file, named(text)))
    return Finding(
        id=id,
        rule=rule,
        scope="code",
        file=file,
        line=line,
        place="source",
        about=named(message),
        observed=message.rstrip("."),
        expected=_REFUSALS[document["status"]],
        todo=document["hint"] or "",
        evidence=context.quoted(context.sources, file, line),
        edit=None,
        applies_in=None,
        documentation=(),
        reproduce=context.reproduce,
    )
