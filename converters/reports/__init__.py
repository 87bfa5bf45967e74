"""Reports: every one but `text` is a function from the JSON document (`json.py`) to a string; `text` prints on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converters.reports.forms import Document, form

if TYPE_CHECKING:
    from converters.review.changes import FileReview


def print_report(document: Document, format: str, changes: Sequence[FileReview] = ()) -> None:
    """Print a project's report in one of the formats of `--format`; `changes` are for those that show them."""
    if format == "text":
        from converters.reports.text import print_project

        print_project(document)
    elif format == "json":
        _print_json(document)
    else:
        shown = form(format)
        text = shown.render(document) if shown.render_review is None else shown.render_review(document, changes)
        _print(text, is_alone=shown.is_alone)


def print_batch(batch: Document, format: str) -> None:
    """Print the report of a batch."""
    if format == "text":
        from converters.reports.text import print_batch as print_table

        print_table(batch)
    elif format == "json":
        _print_json(batch)
    else:
        _print(form(format).render_batch(batch), is_alone=form(format).is_alone)


def _print_json(document: Document) -> None:
    from converters.reports.json import render
    from converters.terminal import print_text

    print_text(render(document))


def _print(text: str, *, is_alone: bool) -> None:
    from converters.escape import log, visible
    from converters.terminal import print_text

    shown = visible(text, "\n")
    print_text(shown if is_alone else log(shown))
