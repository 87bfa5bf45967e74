"""What `migrate callers PATH` does: rewrite the calls of a project, write or compare, report."""

from __future__ import annotations

from dataclasses import replace

from converters.callers.apps import parse_map, storage_of
from converters.callers.convert import convert_callers
from converters.commands import repeat
from converters.commands.conversion import Request, Result
from converters.commands.convert import finish
from converters.output import Asked


def perform(request: Request, mapped: list[str], *, private: bool = False, expire: int | None = None) -> Result:
    """Rewrite the callers at `request.path`. Raises `UsageError` for a --map of another form, and an --expire of no time."""
    again = repeat.callers(request.path, {"map": mapped, "private": private, "expire": expire})
    storage = storage_of(private=private, expire=expire)
    return finish(
        replace(request, again=again, asked=Asked(request.path, command="callers")),
        lambda: convert_callers(request.path, parse_map(mapped), every_app_used=True, storage=storage),
    )
