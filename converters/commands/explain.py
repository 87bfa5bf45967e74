"""`migrate explain`: what a rule does, or what becomes of one line of a project."""

from __future__ import annotations

from pathlib import Path

from converters.errors import ExitCode, UsageError


def explain_rule(code: str) -> int:
    """Print a rule's title, safety, explanation and links."""
    raise UsageError(f"no rule is called {code!r}.", hint="Rule codes stand in every report, for example RP007.")


def explain_line(file: Path, line: int, project: Path | None) -> int:
    """Print every ledger item that covers a line of a project."""
    from converters.commands.convert import Request, failed, show
    from converters.convert import convert
    from converters.options import Options
    from converters.outcome import Converted
    from converters.terminal import print_text

    root = project or file.parent
    outcome = convert(root, Options())
    if not isinstance(outcome, Converted):
        result = failed(outcome)
        show(result, Request(root))
        return result.exit_code
    path = _inside(file, outcome.root)
    items = [item for item in outcome.ledger.items() if item.file == path and item.line <= line <= max(item.line, item.end_line)]
    for item in items:
        print_text(f"{item.file}:{item.line}: {item.disposition.value} by {item.rule} ({item.safety.value}): {item.message}\n")
    if not items:
        print_text(f"{path}:{line}: nothing of the platform stands here; the line is kept as it is.\n")
    return ExitCode.DONE


def _inside(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise UsageError(f"lies outside the project {root}.", file=str(file), hint="Name its project with --project.") from error
