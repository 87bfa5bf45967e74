"""Puts a case on disk, converts it, and says what the conversion did."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from converters.ledger import Item
from converters.outcome import Converted, Outcome
from converters.rules import Case
from converters.rules.document import convert_case


@dataclass(frozen=True)
class Made:
    """The outcome of a case: its ledger, the texts of its output, and which rules touched which file of the project."""

    outcome: Outcome
    items: list[Item]
    texts: dict[str, str]
    touched: set[tuple[str, str]]


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


def converted_once(case: Case) -> Made:
    """What became of a case that a rule holds: for tests that only look at it."""
    if id(case) not in _CONVERTED:
        with tempfile.TemporaryDirectory() as folder:
            _CONVERTED[id(case)] = case, run(Path(folder), case)
    return _CONVERTED[id(case)][1]


def run(folder: Path, case: Case) -> Made:
    """Convert the project of a case."""
    root = write(folder, case.project, case.symlinks)
    outcome = convert_case(case, root)
    if not isinstance(outcome, Converted):
        return Made(outcome, list(getattr(outcome, "items", ())), {}, set())
    items = outcome.ledger.items()
    texts = {change.path: change.data.decode() for change in outcome.files if change.data is not None}
    touched = {(item.rule, item.file) for item in items}
    touched |= {(hunk.rule, change.path) for change in outcome.files for hunk in change.hunks}
    return Made(outcome, items, texts, touched)
