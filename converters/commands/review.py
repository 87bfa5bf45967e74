"""What `--review` adds to `migrate PATH`: a person decides every change at the terminal, and the plan of it is kept and replayed."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from converters.answers import Answer, load, save
from converters.commands.conversion import Request
from converters.errors import ExitCode, MigrateError, UsageError
from converters.outcome import Converted, Outcome
from converters.output import default_output, must_be_writable

if TYPE_CHECKING:
    from rich.console import Console

    from converters.review.session import Session

SUFFIX = ".plan.json"


class Stopped(MigrateError):
    """A person quit the review: nothing is written, and the plan holds what was answered (exit code 130)."""

    code = ExitCode.INTERRUPTED


def reviewed(request: Request) -> Outcome:
    """The conversion as a person decides it. Raises `Stopped` where that is broken off, `UsageError` without a terminal."""
    from converters.convert import convert

    require_terminal()
    outcome = convert(request.path, replace(request.options, answers=None))
    if not isinstance(outcome, Converted):
        return outcome
    output = request.output or default_output(outcome)
    must_be_writable(outcome, output, force=request.force, in_place=request.options.in_place)
    plan = request.plan or plan_beside(outcome.root if request.options.in_place else output)
    answers = _asked(outcome, plan)
    return convert(request.path, replace(request.options, answers=answers))


def plan_beside(folder: Path) -> Path:
    """Where a plan is kept unless a person names another place: beside the folder that is written."""
    return folder.parent / f"{folder.name}{SUFFIX}"


def require_terminal() -> None:
    """Raises `UsageError` where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--review asks at a terminal, and there is none.", hint="Replay a plan with --plan FILE, without --review.")


def _asked(converted: Converted, plan: Path) -> dict[str, Answer]:
    from converters.project import open_project
    from converters.review.changes import changes
    from converters.review.display import Display
    from converters.review.prompt import Prompt
    from converters.review.proposals import proposals
    from converters.review.session import Session

    session = Session(proposals(converted.files), load(plan) if plan.exists() else {})
    display = Display(_console(), changes(converted))
    keep = partial(_keep, plan)
    if not Prompt(session, converted.files, open_project(converted.root), display, _typed, keep).run():
        hint = f"Nothing was written; the plan is {plan}: the same command goes on from there."
        raise Stopped(f"the review was stopped: {session.summary()}.", hint=hint)
    return dict(session.answers)


def _keep(plan: Path, session: Session) -> None:
    save(plan, session.entries())


def _console() -> Console:
    """Standard error, as standard output is the report's."""
    from rich.console import Console

    from converters.terminal import wants_colour

    colours = wants_colour(sys.stderr)
    return Console(file=sys.stderr, force_terminal=colours, no_color=not colours, highlight=False, emoji=False, markup=False)


def _typed(question: str) -> str | None:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline() or None
