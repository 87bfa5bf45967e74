"""The command `migrate brief`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from converters.commands import options


class BriefChoice(str, Enum):
    markdown = "markdown"
    json = "json"


def brief(
    path: Annotated[Path, options.path_argument("OUT", "Folder of a fal project: a conversion, or any other.")],
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="What `migrate PATH`, verify or rehearse printed with --format json; repeatable."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", metavar="PATH", help="The project that it was converted from.", show_default="what a report names"),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the brief to a file, too.")] = None,
    format: Annotated[BriefChoice, typer.Option("--format", help="Form of the brief.")] = BriefChoice.markdown,
) -> int:
    """Tell what is left in the fal project at OUT as tasks: goal, files, facts, and the command that shows that it is done; exit 3."""
    from converters.commands.briefing import Request, brief_project

    return brief_project(Request(path, tuple(report or ()), source, output, format.value))
