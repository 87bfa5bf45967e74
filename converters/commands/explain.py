"""`migrate explain`: what a rule does, or what becomes of one line of a project and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from converters.commands.arguments import stated_options
from converters.commands.whereabouts import whereabouts
from converters.errors import ExitCode, MigrateError, Unreadable, UsageError
from converters.escape import log, one_line, visible
from converters.ledger import Item
from converters.lines import lines_of
from converters.options import Options
from converters.outcome import Converted, Outcome, Unchanged
from converters.path_hints import missing
from converters.rules import find, known
from converters.rules.text import body, explained
from converters.terminal import print_text

HIGHEST = 6
"""How many folders above a file are tried as its project."""


def explain_rule(code: str) -> int:
    """Print a rule's title, safety, explanation and links."""
    rule = find(code)
    if rule is None:
        digits = re.fullmatch(r"([A-Z]+)0*(\d+)", code.upper())
        padded = f"{digits.group(1)}{int(digits.group(2)):03}" if digits else code.upper()
        if Path(code.partition(":")[0]).exists() or "/" in code:
            raise UsageError(f"{code!r} names no line.", hint="Give FILE:LINE, for example handler.py:12, or a rule's code.")
        close = [padded] if padded in known() else get_close_matches(padded, known(), n=3)
        hint = f"Is it {' or '.join(close)}?" if close else "Rule codes stand in every report, for example RP007."
        raise UsageError(f"no rule is called {code!r}.", hint=hint)
    print_text(explained(rule))
    return ExitCode.DONE


def explain_line(file: Path, line: int, project: Path | None) -> int:
    """Print every ledger item that covers a line of a project, with its rule; the nearest folder that converts is the project."""
    from converters.commands.conversion import Request, failed, show
    from converters.commands.verify import no_source

    file = project / file if project is not None and not file.exists() else file
    count = _lines_of(file)
    if not 1 <= line <= count:
        raise UsageError(f"has {count} line{'' if count == 1 else 's'}, and no line {line}.", file=str(file), hint="Give one of them.")
    root, outcome = _outcome(file, project)
    if isinstance(outcome, Unchanged):
        raise no_source(outcome)
    if not isinstance(outcome, Converted):
        result = failed(outcome)
        show(result, Request(root))
        return result.exit_code
    path = _inside(file, outcome.root)
    items = [item for item in outcome.ledger.items() if item.file == path and item.line <= line <= max(item.line, item.end_line)]
    where = whereabouts(outcome, path, line, told=bool(items))
    told = "".join([*_paragraphs(items), f"{one_line(f'{path}:{line}: {where}')}\n" if where else ""])
    print_text(log(visible(told, "\n")))
    return ExitCode.DONE


def _lines_of(file: Path) -> int:
    """How many lines a file has. Raises `Unreadable` for one that is not there."""
    if not file.exists():
        raise missing(file)
    if not file.is_file():
        raise UsageError("is not a file.", file=str(file), hint="Give FILE:LINE.")
    try:
        return len(lines_of(file.read_bytes()))
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}.", file=str(file), hint="Check its permissions.") from error


def _outcome(file: Path, project: Path | None) -> tuple[Path, Outcome]:
    """The conversion of the file's project; where no folder above it converts, what the nearest one came to."""
    from converters.convert import convert

    nearest: tuple[Path, Outcome] | None = None
    for folder in [project] if project else _above(file):
        outcome = convert(folder, _stated(folder))
        nearest = nearest or (folder, outcome)
        if isinstance(outcome, Converted | Unchanged):
            return folder, outcome
    assert nearest is not None
    return nearest


def _stated(folder: Path) -> Options:
    """What a folder states; nothing where that cannot be read, which is told where it matters."""
    try:
        return stated_options(folder)
    except MigrateError:
        return Options()


def _above(file: Path) -> Iterator[Path]:
    """The folders above a file, from the nearest up to the root of its repository."""
    folder = file.absolute().parent
    for found in [folder, *folder.parents][:HIGHEST]:
        if found != Path(found.anchor):
            yield found
        if (found / ".git").exists() or found == Path.home():
            return


def _paragraphs(items: list[Item]) -> Iterator[str]:
    """The items, each followed by its rule where the rule was not explained before."""
    told: set[str] = set()
    for item in items:
        yield one_line(f"{item.file}:{item.line}: {item.disposition.value} by {item.rule} ({item.safety.value}): {item.message}") + "\n"
        rule = find(item.rule)
        if rule is not None and item.rule not in told:
            yield f"{body(rule, '    ')}"
        told.add(item.rule)


def _inside(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise UsageError(f"lies outside the project {root}.", file=str(file), hint="Name its project with --project.") from error
