"""A proposal as a terminal shows it: side by side where there is room, else one line below the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console
from rich.table import Table
from rich.text import Text

from converters.escape import one_line, visible
from converters.review.changes import FileReview, Row, Tag
from converters.review.diff import CONTEXT
from converters.review.proposals import Proposal

WIDE = 120
"""Columns from which both sides stand beside each other."""
SHOWN = 40
"""Lines of a change that are shown before they are asked for."""


@dataclass(frozen=True)
class Display:
    """Shows proposals with the rows of a review, in which secrets are masked."""

    console: Console
    reviews: Sequence[FileReview]

    def show(self, proposal: Proposal, title: str, *, full: bool = False) -> None:
        """The place, the reasons and the lines of a proposal."""
        self.console.rule(Text(one_line(f"{title}  {proposal.path}:{proposal.line}"), style="bold"), align="left", characters="-")
        for reason in proposal.reasons:
            self.console.print(Text(one_line(f"{reason.rule}  {' '.join(reason.reason.split())}"), style="cyan"))
        review = next((one for one in self.reviews if one.path == proposal.path), None)
        rows = _rows(review, proposal) if review is not None else []
        shown = rows if full else rows[:SHOWN]
        if review is not None and review.note:
            self.console.print(Text(visible(review.note), style="dim"))
        self.console.print(self._beside(shown) if self.console.width >= WIDE else self._below(shown))
        if len(rows) > len(shown):
            self.console.print(Text(f"{len(rows) - len(shown)} further lines: v shows them", style="dim"))

    def _below(self, rows: Sequence[Row]) -> Text:
        """As in a diff: what goes, then what comes."""
        text = Text()
        removed: list[str] = []
        added: list[str] = []

        def flush() -> None:
            for mark, style, lines in (("-", "red", removed), ("+", "green", added)):
                for line in lines:
                    text.append(f"{mark} {line}\n", style)
                lines.clear()

        for row in rows:
            if row.tag == "equal":
                flush()
                text.append(f"  {visible(row.left)}\n")
                continue
            if row.old:
                removed.append(visible(row.left))
            if row.new:
                added.append(visible(row.right))
        flush()
        text.rstrip()
        return text

    def _beside(self, rows: Sequence[Row]) -> Table:
        """The source on the left, or the lines that a generated one comes from; the output on the right."""
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1), expand=True)
        for _ in range(2):
            table.add_column(justify="right", style="dim", width=5)
            table.add_column(ratio=1, overflow="fold")
        for row in rows:
            number, left = self._left(row)
            changed = row.tag != "equal"
            left_style = "dim" if not row.old else "red" if changed else ""
            right_style = "green" if changed and row.new else ""
            table.add_row(number, Text(left, left_style), str(row.new or ""), Text(visible(row.right) if row.new else "", right_style))
        return table

    def _left(self, row: Row) -> tuple[str, str]:
        if row.old or not row.sources:
            return str(row.old or ""), visible(row.left)
        source = row.sources[0]
        text = next(
            (one.left for review in self.reviews if review.path == source.file for one in review.rows if one.old == source.line), ""
        )
        return str(source.line), visible(f"{source.file}: {text.strip()}")


def _rows(review: FileReview, proposal: Proposal) -> list[Row]:
    """The lines of a proposal beside each other, with the equal ones around it."""
    old = {row.old: row for row in review.rows if row.old}
    new = {row.new: row for row in review.rows if row.new}
    lines: list[Row] = []
    for removed, added in zip_longest(
        (old[at] for at in range(proposal.start + 1, proposal.end + 1) if at in old),
        (new[at] for at in range(proposal.new_start + 1, proposal.new_end + 1) if at in new),
    ):
        tag: Tag = "insert" if removed is None else "delete" if added is None else "replace"
        left = (removed.old, removed.left) if removed else (0, "")
        right = (added.new, added.right, added.sources) if added else (0, "", ())
        lines.append(Row(tag, left[0], right[0], left[1], right[1], right[2]))
    before = list(_equal(old, range(proposal.start, proposal.start - CONTEXT, -1)))
    return [*reversed(before), *lines, *_equal(old, range(proposal.end + 1, proposal.end + 1 + CONTEXT))]


def _equal(old: Mapping[int, Row], numbers: range) -> Iterator[Row]:
    """The equal rows from a place on, up to the next change."""
    for number in numbers:
        if number not in old or old[number].tag != "equal":
            return
        yield old[number]
