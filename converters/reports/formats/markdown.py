"""The report as Markdown, for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converters.escape import code, code_cell, prose
from converters.reports.forms import Form
from converters.reports.json import Document, examined, is_notable, is_open, is_open_code, is_suppressed, left_out, same_names, unit_name
from converters.reports.text import assumed, fields, place, suppression


def render(document: Document) -> str:
    """One project: title, apps, what is left, counts, files."""
    return "\n".join(_lines(document)) + "\n"


def render_batch(batch: Document) -> str:
    """A table of all projects, then what is left in each."""
    rows = ["| exit | status | project | platform | by hand |", "|---|---|---|---|---|"]
    for result in batch["results"]:
        count = sum(map(is_open_code, result["ledger"]["items"]))
        cells = (str(result["exit_code"]), result["status"], code_cell(unit_name(result)), result["source"]["platform"] or "", str(count))
        rows.append(f"| {' | '.join(cells)} |")
    details = [line for result in batch["results"] for line in _left(result, f"### {code(unit_name(result))}")]
    names = [f"- {prose(sentence)}" for sentence in [*(sentence for _, sentence in examined(batch)), *left_out(batch), *same_names(batch)]]
    return "\n".join(["## fal-migrate", "", *rows, *(["", *names] if names else []), *details]) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"## {code(Path(document['source']['path']).name)}: {document['status']} (exit {document['exit_code']})"
    if document["message"]:
        yield from ("", prose(f"{document['message']} {document['hint'] or ''}"))
    for app in document["apps"]:
        yield from _app(app)
    yield from _left(document)
    counts = document["ledger"]["counts"]
    yield from ("", "Accounted for: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    changed = [file for file in document["files"] if file["action"] != "copied"]
    if changed:
        yield from ("", *(f"- {file['action']} {code(file['path'])}" for file in changed))


def _app(app: Document) -> Iterator[str]:
    style = f", style {app['style']}" if app["style"] else ""
    yield from ("", f"### {code(app['name'])}: {app['target']}{style}", "")
    yield from (prose(why) for why in (app["why"], app["why_style"]) if why)
    yield from ("", "| endpoint | kind | input | output |", "|---|---|---|---|")
    for endpoint in app["endpoints"]:
        cells = (endpoint["path"], endpoint["kind"], fields(endpoint["input_schema"]), fields(endpoint["output_schema"]))
        yield f"| {' | '.join(map(code_cell, cells))} |"
    environment = app["environment"]
    yield from ("", f"- machine: {code(str(app['machine_type']))}")
    yield f"- environment: {environment['kind']}, Python {environment['python_version']}"
    if guessed := assumed(app):
        yield f"- assumed: {prose('; '.join(guessed))}"
    if app["secrets"]:
        yield f"- secrets to set: {', '.join(map(code, app['secrets']))}"


def _left(document: Document, title: str = "### Left to do") -> Iterator[str]:
    items = [item for item in document["ledger"]["items"] if is_open(item)]
    if items:
        yield from ("", title, "")
    for item in items:
        yield f"- [ ] {code(place(item))} {item['rule']} ({item['scope']}): {prose(item['message'])}"
    noticed = [item for item in document["ledger"]["items"] if is_notable(item)]
    if noticed:
        yield from ("", "### What changes", "")
    for item in noticed:
        yield f"- {code(place(item))} {item['rule']}: {prose(item['message'])}"
    suppressed = [item for item in document["ledger"]["items"] if is_suppressed(item)]
    if suppressed:
        yield from ("", "### Passed over", "")
    for item in suppressed:
        yield f"- {code(place(item))} {item['rule']}: {prose(suppression(item))}"


def _certificates(certificates: Any) -> str:
    from converters.verify.report import as_markdown

    return as_markdown(certificates)


form = Form(render, render_batch, _certificates)
