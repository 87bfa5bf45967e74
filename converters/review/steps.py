"""A conversion in steps, one for each group of rules, so that every step is a program: what `--commit` commits one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from converters.answers import Answer
from converters.outcome import FileChange
from converters.project import Project
from converters.review.proposals import GUIDES, Proposal, of_file, proposals
from converters.review.replay import ACCEPT, applied, faults

_REJECT = Answer("reject")


@dataclass(frozen=True)
class Step:
    """What changes with one group of rules."""

    rules: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    files: Mapping[str, FileChange]
    """The files that the step writes, as they are after it."""


def steps(files: Sequence[FileChange], project: Project) -> list[Step]:
    """The added files first, beside which the source still is what it was; then the edits, rule by rule, imports last.

    A group after which a file is no program, or reads a name that nothing defines, is one step with the next.
    """
    changed = {change.path: change for change in files if change.action in ("added", "modified")}
    made: list[Step] = []
    done: dict[str, Answer] = {}
    waiting: list[Proposal] = []
    guides = {path: change for path, change in changed.items() if path in GUIDES}
    for group in _groups(proposals(changed.values())):
        waiting += group
        done |= {one.id: ACCEPT for one in group}
        touched = {one.path: _after(changed[one.path], done) for one in waiting}
        if faults(touched.values(), project):
            continue
        made.append(Step(_rules(waiting), tuple(waiting), {**touched, **guides}))
        waiting, guides = [], {}
    if waiting:
        made.append(Step(_rules(waiting), tuple(waiting), {one.path: changed[one.path] for one in waiting} | guides))
    return made


def _groups(found: Sequence[Proposal]) -> list[list[Proposal]]:
    groups: dict[tuple[bool, str], list[Proposal]] = {}
    for one in found:
        groups.setdefault((not one.whole, "" if one.whole else one.rules[0] if one.rules else ""), []).append(one)
    whole = [group for (edits, _), group in groups.items() if not edits]
    codes = sorted((code for edits, code in groups if edits), reverse=True)
    return [*whole, *(groups[True, code] for code in codes)]


def _after(change: FileChange, done: Mapping[str, Answer]) -> FileChange:
    """A file with the changes that are done and no others."""
    asked = of_file(change)
    after = applied(change, asked, {one.id: done.get(one.id, _REJECT) for one in asked})
    assert after is not None, "an added file is one change, and done"
    return after


def _rules(found: Sequence[Proposal]) -> tuple[str, ...]:
    return tuple(sorted({rule for one in found for rule in one.rules}))
