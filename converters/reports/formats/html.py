"""A page on which a person reviews a conversion: one file, offline, with the diff and where each generated line comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from converters.escape import html_log, visible
from converters.reports.forms import Document, Form
from converters.reports.json import is_notable, is_open, is_suppressed, left_out, rehearsed, same_names, unit_name
from converters.reports.text import next_commands

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from converters.review.changes import FileReview, Row
    from converters.rules import Rule
    from converters.verify.certificate import Certificate

TAB = "&#9;"
"""A tab as the page has it, which a log would show as an escape otherwise."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_VERDICTS = {"different": 0, "failed": 0, "not proven": 1, "not rehearsed": 1}


@dataclass(frozen=True)
class Project:
    """What the template shows of one project. Anchors begin with `key`, so that a page holds several."""

    key: str
    document: Document
    changes: Sequence[FileReview] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return unit_name(self.document)

    @property
    def items(self) -> list[Document]:
        found: list[Document] = self.document["ledger"]["items"]
        return found

    @property
    def open(self) -> list[tuple[int, Document]]:
        """What is left, with its number in the ledger: in the code first."""
        return sorted(
            ((number, item) for number, item in enumerate(self.items) if is_open(item)), key=lambda one: one[1]["scope"] != "code"
        )

    @property
    def noticed(self) -> list[tuple[int, Document]]:
        return [(number, item) for number, item in enumerate(self.items) if is_notable(item)]

    @property
    def suppressed(self) -> list[tuple[int, Document]]:
        return [(number, item) for number, item in enumerate(self.items) if is_suppressed(item)]

    @property
    def preflight(self) -> list[tuple[int, Document]]:
        return [(number, item) for number, item in enumerate(self.items) if item["rule"].startswith("PF")]

    @property
    def commands(self) -> list[str]:
        return next_commands(self.document)

    @property
    def decisions(self) -> list[tuple[str, Document]]:
        """App and decision: what nothing states comes first."""
        order = {"assumed": 0, "derived": 1, "stated": 2}
        found = [(app["name"], one) for app in self.document["apps"] for one in app["decisions"]]
        return sorted(found, key=lambda one: (order[one[1]["certainty"]], one[0], one[1]["subject"]))

    @property
    def certificates(self) -> list[Certificate]:
        """Those that found a difference first."""
        from converters.verify.certificate import Certificate

        found = [Certificate.model_validate(one) for one in self.document.get("certificates") or ()]
        return sorted(found, key=lambda one: _VERDICTS.get(one.verdict, 2))

    @property
    def rehearsals(self) -> list[Document]:
        return sorted(self.document.get("rehearsals") or (), key=lambda one: _VERDICTS.get(one["verdict"], 2))

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules that the page speaks of, by code."""
        from converters import rules

        codes = {item["rule"] for item in self.items} | {reason[0] for file in self.changes for reason in file.reasons}
        return {code: rule for code in sorted(codes) if (rule := rules.find(code)) is not None}

    @cached_property
    def _shown(self) -> Mapping[tuple[str, str, int], str]:
        """The anchors of lines: file, side and number -> id."""
        found = {}
        for index, file in enumerate(self.changes):
            for row in file.rows:
                for side, number in (("old", row.old), ("new", row.new)):
                    if number:
                        found[file.path, side, number] = f"{self.key}f{index}{side[0]}{number}"
        return found

    @cached_property
    def _accounted(self) -> Mapping[tuple[str, str, int], list[int]]:
        """The ledger items that speak of a line: file, side and number -> their numbers."""
        found: dict[tuple[str, str, int], list[int]] = {}
        for number, item in enumerate(self.items):
            found.setdefault((item["file"], "old", item["line"]), []).append(number)
            if item["output"]:
                found.setdefault((item["output"]["file"], "new", item["output"]["line"]), []).append(number)
        return found

    def anchor(self, file: str, line: int, side: str) -> str:
        """The id of a line on this page; '' for one that is not shown."""
        return self._shown.get((file, side, line), "")

    def accounted(self, file: str, row: Row) -> list[int]:
        """The numbers of the ledger items of a row, each once."""
        sides = (("old", row.old), ("new", row.new))
        return list(dict.fromkeys(number for side, line in sides if line for number in self._accounted.get((file, side, line), ())))

    def text_of(self, file: str, line: int) -> str:
        """A source line, where the page has it."""
        return self._lines.get((file, line), "")

    @cached_property
    def _lines(self) -> Mapping[tuple[str, int], str]:
        return {(file.path, row.old): row.left for file in self.changes for row in file.rows if row.old}


def render_review(document: Document, changes: Sequence[FileReview]) -> str:
    """The page of one project."""
    return _page([Project("", document, changes)])


def _render(document: Document) -> str:
    return render_review(document, ())


def _render_batch(batch: Document) -> str:
    """The page of many projects: no diffs, the rest of each."""
    told = [*(sentence for _, sentence in rehearsed(batch)), *left_out(batch), *same_names(batch)]
    return _page([Project(f"p{number}", document) for number, document in enumerate(batch["results"])], told)


def _page(projects: Sequence[Project], told: Sequence[str] = ()) -> str:
    return html_log(_template().render(projects=projects, told=told).replace("\t", TAB))


@cache
def _template() -> Template:
    from converters.targets.templating import environment
    from converters.verify.report import different, printed, shortened

    helpers = {"prose": _prose, "marked": _marked, "different": different, "printed": printed, "body": shortened}
    return environment(html=True).overlay(finalize=_on_one_line).get_template("review.html.j2", globals=helpers)


def _on_one_line(value: object) -> object:
    """What the template prints: a text of a project ends no line of the page."""
    return visible(value, "\t") if type(value) is str else value


def _prose(text: str) -> Markup:
    """A sentence in which what stands in pairs of backquotes is code."""
    from markupsafe import Markup, escape

    text = visible(" ".join(text.split()))
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts))


def _marked(text: str, other: str) -> Markup:
    """A line with the part marked in which it differs from the other side's."""
    from markupsafe import Markup, escape

    head, tail = _differs(text, other)
    middle = text[head : len(text) - tail]
    if not middle or not other.strip() or head + tail < len(middle):
        return escape(text)
    return escape(text[:head]) + Markup("<mark>{}</mark>").format(middle) + escape(text[len(text) - tail :])


def _differs(text: str, other: str) -> tuple[int, int]:
    """The characters at the beginning and at the end that two lines share, whole words only."""
    words, others = _WORDS.findall(text), _WORDS.findall(other)
    head = _shared(words, others)
    rest = min(len(words), len(others)) - head
    tail = min(_shared(words[::-1], others[::-1]), rest)
    return sum(map(len, words[:head])), sum(map(len, words[len(words) - tail :]))


def _shared(words: Sequence[str], others: Sequence[str]) -> int:
    return next(
        (index for index, (one, other) in enumerate(zip(words, others, strict=False)) if one != other), min(len(words), len(others))
    )


form = Form(_render, _render_batch, is_alone=True, render_review=render_review)
