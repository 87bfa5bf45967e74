"""Puts a case on disk, converts it, and says what the conversion did."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from converters.ledger import Item, Ledger
from converters.outcome import Converted, Outcome
from converters.rules import Case, Rule
from converters.rules.document import convert_case


@dataclass(frozen=True)
class Made:
    """The outcome of a case: its ledger, the texts of its output, which rules touched which file of the project, and why files change."""

    outcome: Outcome
    items: list[Item]
    texts: dict[str, str]
    touched: set[tuple[str, str]]
    reasons: dict[str, list[str]]


def write(folder: Path, files: dict[str, str], symlinks: Mapping[str, str] | None = None) -> Path:
    """A project called `worker` on disk."""
    root = folder / "worker"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    for path, target in (symlinks or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    return root


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


def run(folder: Path, case: Case) -> Made:
    """Convert the project of a case."""
    root = write(folder, case.project, case.symlinks)
    outcome = convert_case(case, root)
    if not isinstance(outcome, Converted):
        return Made(outcome, list(getattr(outcome, "items", ())), {}, set(), {})
    items = outcome.ledger.items()
    texts = {change.path: change.data.decode() for change in outcome.files if change.data is not None}
    touched = {(item.rule, item.file) for item in items}
    touched |= {(hunk.rule, change.path) for change in outcome.files for hunk in change.hunks}
    reasons = {change.path: [f"{hunk.rule}: {hunk.reason}" for hunk in change.hunks] for change in outcome.files}
    return Made(outcome, items, texts, touched, reasons)
