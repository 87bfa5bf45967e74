"""Rules of other packages: metadata and cases as ours have, and what they look for in a project.

A package names them by entry points of the group `fal_migrate.rules`, the code first::

    [project.entry-points."fal_migrate.rules"]
    ACME001 = "acme_fal.buckets:rule"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from converters import plugins
from converters.errors import UsageError
from converters.rules.model import Rule

if TYPE_CHECKING:
    from converters.ir import Application
    from converters.project import Project

CODE = re.compile(r"[A-Z]{4,8}\d{3}")
"""Of a rule of another package: four letters or more, as ours have two or three."""


@dataclass(frozen=True)
class Found:
    """What a rule found at one place, as a row of the ledger."""

    message: str
    file: str
    """Of the project, relative."""
    line: int
    """1-based."""
    disposition: Literal["converted", "kept", "dropped", "manual"] = "manual"
    scope: Literal["code", "deploy"] = "code"
    edits: tuple[tuple[int, int, str], ...] = ()
    """What changes in that file: first character, the one behind the last, and what takes their place; of the decoded text."""


Look = Callable[["Project", "Application"], Iterable[Found]]
"""Reads a project and what was read of it; changes neither, and runs nothing of the project."""


def nothing(project: Project, application: Application) -> Iterable[Found]:
    """What a rule finds that does not look."""
    return ()


@dataclass(frozen=True)
class OwnRule(Rule):
    """A rule of another package."""

    look: Look = nothing


_TRIED: dict[str, OwnRule] = {}
"""Rules that are tested without being installed."""


def codes() -> tuple[str, ...]:
    """The codes of all of them; no package is imported for it. Raises `UsageError` for one that is none."""
    for code in plugins.found(plugins.RULES):
        if not CODE.fullmatch(code):
            hint = "Its package must name it by 4 to 8 capital letters and 3 digits."
            raise UsageError(f"{plugins.RULES} {code} is no code of a rule.", hint=hint)
    return tuple(sorted({*plugins.found(plugins.RULES), *_TRIED}))


def find(code: str) -> OwnRule | None:
    """The rule with a code; None where no package has it. Raises `UsageError` for one that cannot be had."""
    if code in _TRIED:
        return _TRIED[code]
    if code not in plugins.found(plugins.RULES):
        return None
    rule = plugins.load(plugins.RULES, code, OwnRule)
    if rule.code != code:
        raise UsageError(f"{plugins.RULES} {code} is the rule {rule.code}.", hint="Its package must name it by its own code.")
    return rule


def all_own() -> list[OwnRule]:
    """Every rule of another package, in the order of the codes."""
    return [rule for code in codes() if (rule := find(code)) is not None]


@contextmanager
def tried(*rules: OwnRule) -> Iterator[None]:
    """Have rules take part that are not installed, while the block runs."""
    before = dict(_TRIED)
    _TRIED.update({rule.code: rule for rule in rules})
    try:
        yield
    finally:
        _TRIED.clear()
        _TRIED.update(before)
