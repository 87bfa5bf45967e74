"""What a conversion changes, line beside line, for a reader: masked, bounded, and with where each generated line comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from converters.credentials.recognize import dialect_of
from converters.credentials.vault import Vault
from converters.errors import Unreadable
from converters.lines import Opcode, edits, lines_of
from converters.outcome import Action, Converted, FileChange
from converters.project import Project, open_project
from converters.review.binary import is_binary
from converters.review.diff import CONTEXT
from converters.review.links import Line, Link, links

MOST_LINES = 4000
"""Lines of one file that are shown."""
MOST_BYTES = 2 * 1024 * 1024
Tag = Literal["equal", "delete", "insert", "replace"]


@dataclass(frozen=True)
class Row:
    """A line of both sides, numbered from 1; 0: the side has none. `far`: no change is near, so a page may fold it."""

    tag: Tag
    old: int = 0
    new: int = 0
    left: str = ""
    right: str = ""
    sources: tuple[Link, ...] = ()
    results: tuple[Line, ...] = ()
    """Generated lines that come from the old one."""
    far: bool = False


@dataclass(frozen=True)
class FileReview:
    """A file that is added, modified, removed, or copied and cited. `note` says why no lines are shown, or not all."""

    path: str
    action: Action
    reasons: tuple[tuple[str, str, str], ...] = ()
    """Rule, reason and `file:line` of each change."""
    rows: tuple[Row, ...] = ()
    note: str = ""

    @property
    def blocks(self) -> list[tuple[bool, list[Row]]]:
        """The rows in their order: whether they may be folded, and those that stand together."""
        return [(far, list(rows)) for far, rows in groupby(self.rows, key=lambda row: row.far)]


@dataclass(frozen=True)
class _Texts:
    """The lines of both sides of a file; None where it cannot be shown."""

    change: FileChange
    old: list[str] | None
    new: list[str] | None
    note: str = ""
    changed: list[Opcode] = field(default_factory=list)


def changes(converted: Converted) -> tuple[FileReview, ...]:
    """Every file but those that are copied and that no ledger item cites: modified and generated ones first. Secrets are masked."""
    project, cited = open_project(converted.root), {item.file for item in converted.ledger.items()}
    shown = [change for change in converted.files if change.action != "copied" or change.path in cited]
    texts = [_texts(change, project, converted.vault) for change in shown]
    texts = [one for one in texts if not (one.change.action == "modified" and one.old == one.new and not one.note)]
    found = links(
        {one.change.path: dict(_generated(one)) for one in texts if one.new is not None},
        {one.change.path: dict(enumerate(one.old, 1)) for one in texts if one.old is not None},
        [
            ((item.file, item.line), (item.output.file, item.output.line))
            for item in converted.ledger.items()
            if item.output is not None and item.line
        ],
    )
    results: dict[Line, list[Line]] = {}
    for line, sources in sorted(found.items()):
        for source in sources:
            results.setdefault((source.file, source.line), []).append(line)
    order = {"modified": 0, "added": 1, "copied": 2, "removed": 3}
    texts.sort(key=lambda one: (order[one.change.action], one.change.path))
    return tuple(_review(one, found, results) for one in texts)


def _texts(change: FileChange, project: Project, vault: Vault) -> _Texts:
    before, after = change.before, change.data
    if change.action == "added":
        before = None
    elif change.action in ("removed", "copied"):
        file = project.get(change.path)
        if file is None:
            return _Texts(change, None, None, "It is left out of the output, and its content is not shown.")
        try:
            before = file.data if file.size <= MOST_BYTES else None
        except Unreadable:
            before = None
        after = None
        if before is None:
            return _Texts(change, None, None, "It is too large to be shown, or cannot be read.")
    if any(data is not None and (is_binary(data) or len(data) > MOST_BYTES) for data in (before, after)):
        return _Texts(change, None, None, "It is binary, or too large to be shown.")
    old, new = _lines(before, change.path, vault), _lines(after, change.path, vault)
    if (old is None) != (before is None) or (new is None) != (after is None):
        return _Texts(change, None, None, "It holds a secret of several lines, and is not shown.")
    changed = edits(lines_of(before), lines_of(after)) if before is not None and after is not None else []
    return _Texts(change, old, new, changed=changed)


def _lines(data: bytes | None, path: str, vault: Vault) -> list[str] | None:
    """The lines, without their ends, masked; None where there are none, or masking moved them."""
    if data is None:
        return None
    lines = [line.removesuffix(b"\n").decode("utf-8", "backslashreplace") for line in lines_of(data)]
    masked = vault.mask("\n".join(lines), dialect_of(path)).split("\n") if lines else []
    return masked if len(masked) == len(lines) else None


def _generated(one: _Texts) -> Iterator[tuple[int, str]]:
    """The lines that the conversion wrote."""
    new = one.new or []
    if one.old is None:
        yield from enumerate(new, 1)
    for _, _, _, start, end in one.changed:
        yield from ((number + 1, new[number]) for number in range(start, end))


def _review(one: _Texts, found: Mapping[Line, tuple[Link, ...]], results: Mapping[Line, Sequence[Line]]) -> FileReview:
    path, rows = one.change.path, list(_rows(one))
    note = one.note
    if len(rows) > MOST_LINES:
        note = f"{len(rows) - MOST_LINES} further lines are not shown: `migrate PATH --diff` shows them all."
    linked = [
        replace(row, sources=found.get((path, row.new), ()), results=tuple(results.get((path, row.old), ()))) for row in rows[:MOST_LINES]
    ]
    reasons = dict.fromkeys((hunk.rule, " ".join(hunk.reason.split()), hunk.source) for hunk in one.change.hunks)
    return FileReview(path, one.change.action, tuple(reasons), tuple(linked), note)


def _rows(one: _Texts) -> Iterator[Row]:
    old, new = one.old, one.new
    if old is None or new is None:
        tag: Tag = "equal" if one.change.action == "copied" else "delete"
        yield from (Row(tag, old=number, left=text) for number, text in enumerate(old or (), 1))
        yield from (Row("insert", new=number, right=text) for number, text in enumerate(new or (), 1))
        return
    at = shift = 0
    for change in one.changed:
        yield from _equal(old, at, change[1], shift, first=at == 0)
        yield from _changed(old, new, change)
        at, shift = change[2], change[4] - change[2]
    yield from _equal(old, at, len(old), shift, first=at == 0, last=True)


def _equal(lines: Sequence[str], start: int, end: int, shift: int, *, first: bool = False, last: bool = False) -> Iterator[Row]:
    """Equal lines between two changes; those beyond the context of both are far."""
    near = range(start + (0 if first else CONTEXT), end - (0 if last else CONTEXT))
    for number in range(start, end):
        yield Row("equal", number + 1, number + 1 + shift, lines[number], lines[number], far=number in near)


def _changed(old: Sequence[str], new: Sequence[str], change: Opcode) -> Iterator[Row]:
    """The lines of one change beside each other, as far as both sides have some."""
    _, i1, i2, j1, j2 = change
    for step in range(max(i2 - i1, j2 - j1)):
        i, j = i1 + step, j1 + step
        if i < i2 and j < j2:
            yield Row("replace", i + 1, j + 1, old[i], new[j])
        elif i < i2:
            yield Row("delete", old=i + 1, left=old[i])
        else:
            yield Row("insert", new=j + 1, right=new[j])
