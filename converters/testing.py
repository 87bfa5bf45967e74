"""The harness for rules, ours and those of other packages: a rule is tested by its own cases.

For a package of one's own, with pytest or anything else that calls it::

    from converters.testing import check
    from acme_fal.buckets import rule

    def test_every_case():
        check(rule)
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from converters.ledger import Item
from converters.outcome import Converted, Crashed, Outcome
from converters.rules import Case, Rule
from converters.rules.document import convert_case
from converters.rules.own import OwnRule, tried

__all__ = ["Made", "check", "check_acting", "check_case", "check_untouched", "run", "write"]


@dataclass(frozen=True)
class Made:
    """The outcome of a case: its ledger, the texts of its output, which rules touched which file of the project, and why files change."""

    outcome: Outcome
    items: list[Item]
    texts: dict[str, str]
    touched: set[tuple[str, str]]
    reasons: dict[str, list[str]]


def write(folder: Path, files: Mapping[str, str], symlinks: Mapping[str, str] | None = None) -> Path:
    """A project called `worker` on disk."""
    root = folder / "worker"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    for path, target in (symlinks or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    return root


def run(folder: Path, case: Case) -> Made:
    """Convert the project of a case."""
    outcome = convert_case(case, write(folder, case.project, case.symlinks))
    if not isinstance(outcome, Converted):
        return Made(outcome, list(getattr(outcome, "items", ())), {}, set(), {})
    items = outcome.ledger.items()
    texts = {change.path: change.data.decode() for change in outcome.files if change.data is not None}
    touched = {(item.rule, item.file) for item in items}
    touched |= {(hunk.rule, change.path) for change in outcome.files for hunk in change.hunks}
    reasons = {change.path: [f"{hunk.rule}: {hunk.reason}" for hunk in change.hunks] for change in outcome.files}
    return Made(outcome, items, texts, touched, reasons)


def check(rule: Rule) -> None:
    """Raises `AssertionError`, with what came out, for the first case that is not what it says, and where cases show one side alone."""
    kinds = {case.kind == "untouched" for case in rule.cases}
    _require(kinds == {True, False}, rule, None, "needs a case in which it acts and one in which nothing should happen")
    with tried(rule) if isinstance(rule, OwnRule) else nullcontext():
        for case in rule.cases:
            with tempfile.TemporaryDirectory() as folder:
                made = run(Path(folder), case)
            (check_untouched if case.kind == "untouched" else check_acting)(rule, case, made)
            check_case(rule, case, made)


def check_untouched(rule: Rule, case: Case, made: Made) -> None:
    """Nothing happens where nothing should."""
    _require(not isinstance(made.outcome, Crashed), rule, case, made.outcome)
    within = case.within or sorted({file for _, file in made.touched})
    touched = [(code, file) for code, file in sorted(made.touched) if code == rule.code and file in within]
    _require(not touched, rule, case, touched)


def check_acting(rule: Rule, case: Case, made: Made) -> None:
    """The rule is named, and leaves something to a person where the case says so."""
    _require(not isinstance(made.outcome, Crashed), rule, case, made.outcome)
    own = [item for item in made.items if item.rule == rule.code]
    _require(rule.code in {code for code, _ in made.touched}, rule, case, "is not named")
    is_left = any(item.disposition.value == "manual" for item in own)
    _require(is_left == (case.kind == "partial"), rule, case, [item.message for item in own])


def check_case(rule: Rule, case: Case, made: Made) -> None:
    """Status, ledger, texts and reasons are what the case says."""
    status = getattr(made.outcome, "status", "crashed")
    _require(status == case.status if case.status else status in ("converted", "partial"), rule, case, made.outcome)
    found = {(item.rule, item.disposition.value, item.file, item.line, item.message, item.name) for item in made.items}
    for seen in case.seen:
        place = (seen.rule or rule.code, seen.disposition, seen.file, seen.line)
        is_there = any(item[:4] == place and seen.says in item[4] and seen.name in ("", item[5]) for item in found)
        _require(is_there, rule, case, sorted(found))
    for path, texts in case.has.items():
        for text in texts:
            _require(text in made.texts[path], rule, case, made.texts[path])
    for path, texts in case.lacks.items():
        for text in texts:
            _require(text not in made.texts.get(path, ""), rule, case, made.texts.get(path, ""))
    for path, texts in case.why.items():
        for text in texts:
            _require(any(text in reason for reason in made.reasons[path]), rule, case, made.reasons[path])


def _require(holds: bool, rule: Rule, case: Case | None, came_out: object) -> None:
    if not holds:
        raise AssertionError(f"{rule.code}{f', {case.id}' if case is not None else ''}: {came_out}")
