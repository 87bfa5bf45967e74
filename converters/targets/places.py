"""Where in the output each ledger item is to be found."""

from __future__ import annotations

import re

from converters import rules
from converters.ir import App
from converters.ledger import Item, Ledger, Place

MARKS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((rules.RP003, rules.RP006, rules.RP010), r"@fal\.endpoint"),
    ((rules.RP005, rules.RP016, rules.RP018), r"def setup\(self\)"),
    ((rules.RP007, rules.RP021), r"x-fal-stop-runner|^(async )?def answer"),
    ((rules.RP012, rules.RP015), r"^class Input\("),
    ((rules.FS002,), r"^class Output\("),
    ((rules.DK001, rules.ENV009), r"python_version="),
    ((rules.DK002,), r"^    requirements = "),
    ((rules.DK006,), r"^    app_files = "),
    ((rules.DK007, rules.DK008, rules.ENV006), r"def setup\(self\)"),
    ((rules.RP050,), r"^    machine_type = "),
    ((rules.RP019,), r"^    skip_retry_conditions = "),
)
"""Rules -> the line of the app file that shows what it did, first match wins."""


def fill(ledger: Ledger, app: App, text: str) -> None:
    """Give the items of an app the line of its file that they became, by the origin written beside it or by their rule."""
    lines = text.splitlines()
    written = {match.group(1): number for number, line in enumerate(lines, 1) if (match := re.search(r"#.*?(\S+:\d+)", line))}
    for item in [*ledger.settled.values(), *ledger.notes]:
        if item.output is None and item.disposition.value != "dropped":
            line = written.get(f"{item.file}:{item.line}") or _by_rule(item, lines)
            if line:
                item.output = Place(file=app.app_file, line=line)


def _by_rule(item: Item, lines: list[str]) -> int:
    for cited, mark in MARKS:
        if item.rule in cited:
            return next((number for number, line in enumerate(lines, 1) if re.search(mark, line)), 0)
    return 0
