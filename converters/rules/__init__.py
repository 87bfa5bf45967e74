"""The rules: one small file each, found by its name (`rp002_start_call.py`).

A rule holds metadata and cases; `migrate explain`, the documentation and the tests are made from them. Code cites a rule as
`rules.RP002`, so that a type checker knows which there are: `registry.py`, which `python -m converters.rules` writes, has a name for each.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module

from converters.rules import own, registry
from converters.rules.model import Case, Rule, Seen
from converters.rules.registry import *  # noqa: F403

__all__ = [*registry.__all__, "Case", "Rule", "Seen", "all_rules", "codes", "find", "known"]

FILE = re.compile(r"^([a-z]+\d{3})_\w+$")
CODE = re.compile(r"^[A-Z]{2,3}\d{3}$")


@cache
def codes() -> dict[str, str]:
    """Code -> module of every rule, by the names of their files; no rule is imported for it."""
    found = {}
    for module in pkgutil.iter_modules(__path__):  # noqa: F405
        if match := FILE.match(module.name):
            found[match.group(1).upper()] = f"{__name__}.{module.name}"
    return dict(sorted(found.items()))


def find(code: str) -> Rule | None:
    """The rule with a code, in upper or lower case, also of another package; None where there is none."""
    module = codes().get(code.upper())
    rule = import_module(module).rule if module else own.find(code.upper())
    return rule if isinstance(rule, Rule) else None


def known() -> tuple[str, ...]:
    """The codes of all rules, with those of other packages."""
    return (*codes(), *own.codes())


def all_rules() -> list[Rule]:
    """Every rule of this package, in the order of the codes."""
    return [rule for code in codes() if (rule := find(code)) is not None]
