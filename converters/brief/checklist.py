"""What an output's own MIGRATION.md leaves to do: its unticked boxes, and the secrets that it sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from converters import rules
from converters.findings.context import documentation, expected
from converters.findings.finding import Finding
from converters.findings.identity import identified, named
from converters.findings.wording import split

NAMES = ("MIGRATION-fal.md", "MIGRATION.md")
"""What it is called; the first beside a file of the project's own with the other name."""
CODE = "### Still to do in the code"
"""The heading of what is to be done in files."""
NOTE = "plan.note"
"""The rule of a box that cites none."""
_BOX = re.compile(r"^- \[ \] (?:(?P<ticks>`+) ?(?P<file>.+?):(?P<line>\d+) ?(?P=ticks) )?(?P<text>.+?)(?: \((?P<rule>[A-Z]+\d{3})\))?$")
_SECRET = re.compile(r"^fal secrets set (?P<name>[A-Za-z_]\w*)=")


@dataclass(frozen=True)
class _Row:
    rule: str
    file: str
    line: int
    text: str
    is_code: bool
    at: int
    """The line of MIGRATION.md."""


def findings(text: str) -> list[Finding]:
    """The findings of the text of MIGRATION.md, in its order."""
    rows = identified(_rows(text), lambda row: (row.rule, row.file, named(row.text) or ("" if row.rule != NOTE else row.text)))
    return [_finding(id, row) for id, row in rows]


def ticked(text: str) -> set[tuple[str, str, int]]:
    """Rule, file and line of what somebody has ticked."""
    done = "\n".join(line.replace("- [x]", "- [ ]", 1) for line in text.splitlines() if line.startswith("- [x] "))
    return {(row.rule, row.file, row.line) for row in _rows(done) if row.rule != NOTE}


def _rows(text: str) -> Iterator[_Row]:
    heading = ""
    for at, line in enumerate(text.splitlines(), 1):
        heading = line if line.startswith("#") and " " in line else heading
        if match := _BOX.match(line):
            rule = match["rule"] or NOTE
            yield _Row(rule, match["file"] or "", int(match["line"] or 0), _unescaped(match["text"]), heading == CODE, at)
        elif match := _SECRET.match(line):
            yield _Row(rules.ENV004, "", 0, f"the app reads the secret {match['name']}: set it with `fal secrets set`.", False, at)


def _unescaped(text: str) -> str:
    """Markdown without the backslashes that keep it from being markup."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def _finding(id: str, row: _Row) -> Finding:
    observed, todo = split(row.text)
    return Finding(
        id=id,
        rule=row.rule,
        scope="code" if row.is_code else "deploy",
        file=row.file,
        line=row.line,
        place="source",
        about=named(row.text),
        observed=observed,
        expected=expected(row.rule) or "this is done, or nothing needs it",
        todo=todo,
        evidence=(),
        edit=None,
        applies_in=None,
        documentation=documentation(row.rule),
        reproduce="",
    )
