"""Workflow commands of GitHub Actions, which become annotations on the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from converters.escape import command_data, command_property
from converters.reports.forms import Form
from converters.reports.json import Document, is_open, is_open_code, left_out, near, rehearsed, same_names, verified


def render(document: Document) -> str:
    """One line per annotation: what is left in the code is a warning, at deployment a notice; what failed is an error."""
    return "".join(f"{line}\n" for line in _lines(document))


def render_batch(batch: Document) -> str:
    names = [command("warning", sentence, title="fal-migrate: one name") + "\n" for sentence in same_names(batch)]
    names += [command(level, sentence, title="fal-migrate: verification") + "\n" for level, sentence in verified(batch)]
    names += [command(level, sentence, title="fal-migrate: rehearsal") + "\n" for level, sentence in rehearsed(batch)]
    names += [command("notice", sentence, title="fal-migrate: left out") + "\n" for sentence in left_out(batch)]
    return "".join([*map(render, batch["results"]), *names])


def command(level: str, message: str, *, title: str, file: str = "", line: int = 0, end_line: int = 0) -> str:
    """A workflow command with every value escaped."""
    properties = {"file": file, "line": line or "", "endLine": end_line or line or "", "title": title}
    stated = ",".join(f"{name}={command_property(str(value))}" for name, value in properties.items() if value)
    return f"::{level} {stated}::{command_data(message)}"


def _lines(document: Document) -> Iterator[str]:
    source = document["source"]
    if document["message"]:
        text = f"{document['message']} {document['hint'] or ''}".strip()
        file = _file(source["path"], document["file"] or "")
        yield command("error", text, title=f"fal-migrate: {document['status']}", file=file, line=document["line"] or 0)
    for item in filter(is_open, document["ledger"]["items"]):
        level = "warning" if is_open_code(item) else "notice"
        file = _file(source["path"], item["file"])
        yield command(level, item["message"], title=item["rule"], file=file, line=item["line"], end_line=item["end_line"])
    counts = document["ledger"]["counts"]
    if not document["message"]:
        summary = ", ".join(f"{count} {name}" for name, count in counts.items())
        yield command("notice", f"{Path(source['path']).name}: {document['status']} ({summary})", title="fal-migrate")


def _file(root: str, file: str) -> str:
    """Annotations name files from the folder of the workflow, which is where the command runs."""
    return near(str(Path(root) / file)).replace(os.sep, "/")


form = Form(render, render_batch, is_alone=True)
