"""Reports: every one but `text` is a function from the JSON document (`json.py`) to a string; `text` prints on a terminal."""

from __future__ import annotations

from collections.abc import Callable

from converters.reports.json import Document


def print_report(document: Document, format: str) -> None:
    """Print a project's report in one of the formats of `--format`."""
    if format == "text":
        from converters.reports.text import print_project

        print_project(document)
    else:
        _print(renderer(format)(document), format)


def print_batch(batch: Document, format: str) -> None:
    """Print the report of a batch."""
    from converters.reports import github, json, markdown

    if format == "text":
        from converters.reports.text import print_batch as print_table

        print_table(batch)
    else:
        _print({"json": json.render, "markdown": markdown.render_batch, "github": github.render_batch}[format](batch), format)


def _print(text: str, format: str) -> None:
    from converters.escape import log, visible
    from converters.terminal import print_text

    shown = text if format == "json" else visible(text, "\n")
    print_text(log(shown) if format == "markdown" else shown)


def renderer(format: str) -> Callable[[Document], str]:
    """The function that writes a format. Raises `ValueError` for one that does not exist."""
    from converters.reports import github, json, markdown

    renderers = {"json": json.render, "markdown": markdown.render, "github": github.render}
    if format not in renderers:
        raise ValueError(f"no report format is called {format!r}")
    return renderers[format]
