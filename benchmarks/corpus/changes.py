"""How many lines of a kept handler file change, and why: what a reviewer of the conversion has to read."""

from __future__ import annotations

import difflib
import statistics
from pathlib import Path
from typing import Any

MANY = 15
"""More changed lines than this need a reason."""


def measure(source: Path, out: Path, document: dict[str, Any], app: dict[str, Any]) -> dict[str, Any]:
    """`changed_lines` of the app's entry file and the rules that changed it; {} where the file is not kept (native style)."""
    entry = app["entry"]
    before, after = source / entry, out / entry
    if app["style"] != "keep" or not after.is_file():
        return {}
    count = changed_lines(before.read_text(errors="replace"), after.read_text(errors="replace"))
    return {"changed_lines": count, "changed_by": reasons(document["ledger"]["items"], entry)}


def changed_lines(before: str, after: str) -> int:
    """Lines that are not the same in both texts; a line that is rewritten counts once, a blank line not at all."""
    old, new = ([line for line in text.splitlines() if line.strip()] for text in (before, after))
    found = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in found if kind != "equal")


def reasons(items: list[dict[str, Any]], file: str) -> list[str]:
    """`RP005: loading moves to setup()` for each rule of the ledger that changed something in the file."""
    found: dict[str, str] = {}
    for item in items:
        if item["file"] == file and item["disposition"] in ("converted", "dropped"):
            found.setdefault(item["rule"], item["message"])
    return [f"{rule}: {message}" for rule, message in found.items()]


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The median over the units whose handler file is kept, and those above `MANY` with their reasons."""
    counts = [row["changed_lines"] for row in rows if "changed_lines" in row]
    many = {row["uid"]: f"{row['changed_lines']} ({'; '.join(row['changed_by'])})" for row in rows if row.get("changed_lines", 0) > MANY}
    return {"changed lines, median": statistics.median(counts) if counts else None, f"changed lines, over {MANY}": many}
