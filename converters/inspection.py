"""`migrate inspect`: what was found in a project, without converting it."""

from __future__ import annotations

import json
from pathlib import Path

from converters.errors import ExitCode
from converters.options import Options
from converters.outcome import Converted


def inspect_project(path: Path, format: str) -> int:
    """Print the model of the project (as JSON: `ir.Application`) and return the exit code."""
    from converters.command import Request, Result, show
    from converters.convert import convert
    from converters.reports.json import document
    from converters.terminal import print_text

    outcome = convert(path, Options())
    made = document(outcome, ExitCode.DONE if isinstance(outcome, Converted) else outcome.exit_code)
    if not isinstance(outcome, Converted):
        show(Result(made, report=getattr(outcome, "report", "")), Request(path, format="json" if format == "json" else "text"))
    elif format == "json":
        print_text(json.dumps({"version": 1, **outcome.application.model_dump(mode="json")}, indent=2) + "\n")
    else:
        from converters.reports.text import print_findings

        print_findings(made)
    return int(made["exit_code"])


