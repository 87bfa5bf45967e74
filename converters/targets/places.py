"""Where in the output each ledger item is to be found."""

from __future__ import annotations

import re

from converters.ir import App
from converters.ledger import Item, Ledger, Place

MARKS: tuple[tuple[str, str], ...] = (
    (r"RP003|RP006|RP010", r"@fal\.endpoint"),
    (r"RP005|RP016|RP018", r"def setup\(self\)"),
    (r"RP007|RP021", r"x-fal-stop-runner|^(async )?def answer"),
    (r"RP012|RP015", r"^class Input\("),
    (r"FS002", r"^class Output\("),
    (r"DK001|ENV009", r"python_version="),
    (r"DK002", r"^    requirements = "),
    (r"DK006", r"^    app_files = "),
    (r"DK007|DK008|ENV006", r"def setup\(self\)"),
    (r"RP050", r"^    machine_type = "),
    (r"RP019", r"^    skip_retry_conditions = "),
)
"""Rule -> the line of the app file that shows what it did, first match wins."""


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
    for rules, mark in MARKS:
        if re.fullmatch(rules, item.rule):
            return next((number for number, line in enumerate(lines, 1) if re.search(mark, line)), 0)
    return 0
