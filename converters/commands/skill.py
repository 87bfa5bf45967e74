"""The command `migrate skill`."""

from __future__ import annotations

from pathlib import Path

from converters.errors import ExitCode

NAME = "fal-migrate/SKILL.md"


def skill() -> int:
    """Print how a program that edits code works with this one: what to use when, in which order, and what never to do."""
    from converters.terminal import print_text

    print_text(path().read_text("utf-8"))
    return ExitCode.DONE


def path() -> Path:
    """Where the skill is: inside the installed package, or at the top of a checkout."""
    installed = Path(__file__).resolve().parent.parent / "_skills" / NAME
    return installed if installed.is_file() else Path(__file__).resolve().parents[2] / "skills" / NAME
