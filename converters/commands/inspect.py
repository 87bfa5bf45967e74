"""`migrate inspect`: what was found in a project, without converting it."""

from __future__ import annotations

from pathlib import Path

from converters.commands.arguments import stated_options
from converters.errors import ExitCode
from converters.outcome import Converted


def inspect_project(path: Path, format: str) -> int:
    """Print the model of the project (as JSON: `ir.Application`) and return the exit code."""
    from converters.commands.conversion import Request, failed, show
    from converters.convert import convert
    from converters.reports.json import document, render
    from converters.terminal import print_text

    outcome = convert(path, stated_options(path))
    if not isinstance(outcome, Converted):
        result = failed(outcome)
        show(result, Request(path, format="json" if format == "json" else "text"))
        return result.exit_code
    if format == "json":
        model = outcome.vault.masked(outcome.application.model_dump(mode="json"))
        print_text(render({"version": 1, **model}))
    else:
        from converters.reports.text import print_findings

        print_findings(document(outcome, ExitCode.DONE))
    return ExitCode.DONE
