"""What a check says: a rule, a place in the finished files, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from converters.ir import Disposition, Scope, Suggestion


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that stands between the files and an app that answers on fal."""

    file: str
    line: int
    rule: str
    message: str
    """What was found, and what to do."""
    about: str = ""
    """The path, variable or package that it is about: an item that names it already makes this one superfluous."""
    scope: Scope = Scope.CODE
    disposition: Disposition = Disposition.MANUAL
    """`converted` for what changes and needs nobody."""
    suggestion: Suggestion | None = field(default=None, compare=False)
    """The change with which it is done, where the check knows it."""
