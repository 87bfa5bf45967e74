"""A brief for a reader: one section for each task."""

from __future__ import annotations

from converters.brief.task import GOAL, NEVER, Brief
from converters.escape import log, visible
from converters.targets.templating import environment


def as_markdown(brief: Brief) -> str:
    """The page. What the project supplies is quoted, and is no markup."""
    page = environment().get_template("brief.md.j2").render(brief=brief, goal=GOAL, never=NEVER)
    return log(visible(page, "\n"))
