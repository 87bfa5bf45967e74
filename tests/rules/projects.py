"""Puts a case on disk, converts it, and says what the conversion did."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from converters.ledger import Ledger
from converters.rules import Case, Rule
from converters.testing import Made, run, write

__all__ = ["REACHED", "Made", "converted_once", "reaching", "run", "write"]


_CONVERTED: dict[int, tuple[Case, Made]] = {}
"""By the identity of a case, which is kept with what became of it."""


Reached = dict[tuple[str, int], set[tuple[str, str]]]
"""(file, line) of a call of the ledger -> (rule that was cited, rule whose case it was)."""
REACHED: Reached = {}
"""By the cases that were converted so far."""


def converted_once(rule: Rule, case: Case) -> Made:
    """What became of a case that a rule holds: for tests that only look at it."""
    if id(case) not in _CONVERTED:
        with tempfile.TemporaryDirectory() as folder, reaching(REACHED, rule.code):
            _CONVERTED[id(case)] = case, run(Path(folder), case)
    return _CONVERTED[id(case)][1]


@contextmanager
def reaching(found: Reached, code: str) -> Iterator[None]:
    """Write down the calls of the ledger, as those of a case of a rule, while the block runs."""

    def watched(original: Callable[..., None], at: int) -> Callable[..., None]:
        def call(self: Ledger, *arguments: Any, **options: Any) -> None:
            frame = sys._getframe(1)
            cited = options.get("rule", arguments[at] if len(arguments) > at else "")
            found.setdefault((frame.f_code.co_filename, frame.f_lineno), set()).add((str(cited), code))
            original(self, *arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "settle", watched(Ledger.settle, 1))
        patch.setattr(Ledger, "note", watched(Ledger.note, 0))
        yield
