"""Compares conversions of Docker projects with a hand-made ground truth and prints the table.

    python benchmarks/corpus/docker_truth.py TRUTH.json CORPUS [--pinned DIR] [--markdown]

TRUTH.json is a list of projects with `path_in_corpus`, `repo` and `expected` (port, command, health_path, openapi_path,
recommended_mode, also_acceptable);
CORPUS holds them below `path_in_corpus`, DIR holds trees at the very commit of the truth, which count where they are there.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted, Crashed, Outcome


@dataclass
class Row:
    """One project: what was expected, what was found, and what is right."""

    name: str
    expected: dict[str, Any]
    outcome: Outcome
    seconds: float
    port: int | None = None
    command: list[str] = field(default_factory=list)
    health: str | None = None
    openapi: str | None = None
    mode: str = ""
    why: str = ""

    @property
    def port_right(self) -> bool:
        return self.port == self.expected["port"]

    @property
    def command_right(self) -> bool | None:
        """None where the truth is no list of arguments."""
        wanted = self.expected["command"]
        if not isinstance(wanted, list) or any(len(word.split()) > 8 for word in wanted):
            return None
        return _plain(self.command) == _plain(wanted)

    @property
    def health_right(self) -> bool:
        return self.health == self.expected["health_path"]

    @property
    def openapi_right(self) -> bool:
        wanted = self.expected["openapi_path"]
        path = re.match(r"(/\S+)", wanted or "")
        return self.openapi == (path.group(1) if path else None)

    @property
    def mode_right(self) -> bool:
        return self.mode in (self.expected["recommended_mode"], *self.expected["also_acceptable"])


def _plain(words: list[str]) -> list[str]:
    return [word.rstrip("/") for word in words]


def measure(name: str, expected: dict[str, Any], folder: Path) -> Row:
    """Convert one project with the default target."""
    started = time.perf_counter()
    outcome = convert(folder, Options())
    row = Row(name, expected, outcome, time.perf_counter() - started)
    if isinstance(outcome, Converted) and (server := outcome.application.apps[0].server) is not None:
        row.port, row.command = server.port, server.command
        row.health, row.openapi, row.mode = server.health_path, server.openapi_path, outcome.application.apps[0].target
        row.why = next((f"{one.why} ({one.origin})" for one in server.findings if one.subject == "port" and one.decided), "")
    return row


def gaps(row: Row) -> int:
    """Constructs without a disposition of their own."""
    items = row.outcome.ledger.items() if isinstance(row.outcome, Converted) else []
    return sum(item.rule == "ALL001" for item in items)


def table(rows: list[Row], *, markdown: bool) -> str:
    lines = ["| project | port | evidence | command | health | OpenAPI | mode |", "|---|---|---|---|---|---|---|"] if markdown else []
    for row in rows:
        sign = {True: "ok", False: "NO", None: "--"}
        cells = [
            row.name,
            f"{sign[row.port_right]} {row.port}" + ("" if row.port_right else f" (not {row.expected['port']})"),
            row.why,
            f"{sign[row.command_right]} {shlex.join(row.command)[:70]}"
            + ("" if row.command_right is not False else f" (not {row.expected['command']})"),
            f"{sign[row.health_right]} {row.health}" + ("" if row.health_right else f" (not {row.expected['health_path']})"),
            f"{sign[row.openapi_right]} {row.openapi}" + ("" if row.openapi_right else f" (not {row.expected['openapi_path']})"),
            f"{sign[row.mode_right]} {row.mode}",
        ]
        lines.append(
            ("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
            if markdown
            else "  ".join(f"{cell:<42}" for cell in cells)
        )
    return "\n".join(lines)


def summary(rows: list[Row]) -> str:
    lists = [row for row in rows if row.command_right is not None]
    baseline = sum("pyproject" in (row.expected["recommended_mode"], *row.expected["also_acceptable"]) for row in rows)
    parts = [
        f"port {sum(row.port_right for row in rows)}/{len(rows)}",
        f"command {sum(bool(row.command_right) for row in lists)}/{len(lists)}",
        f"health {sum(row.health_right for row in rows)}/{len(rows)}",
        f"openapi {sum(row.openapi_right for row in rows)}/{len(rows)}",
        f"mode {sum(row.mode_right for row in rows)}/{len(rows)} (constant pyproject {baseline})",
        f"refused {sum(row.outcome.status in ('unsupported', 'unreadable') for row in rows)}",
        f"crashes {sum(isinstance(row.outcome, Crashed) for row in rows)}",
        f"ledger gaps {sum(gaps(row) for row in rows)}",
        f"{sum(row.seconds for row in rows):.1f} s",
    ]
    return ", ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("truth", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pinned", type=Path)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    rows = []
    for entry in json.loads(given.truth.read_text("utf-8")):
        relative = entry["path_in_corpus"]
        if given.only not in relative:
            continue
        pinned = given.pinned / relative if given.pinned else None
        rows.append(
            measure(relative.rsplit("/", 1)[-1], entry["expected"], pinned if pinned and pinned.is_dir() else given.corpus / relative)
        )
    print(table(rows, markdown=given.markdown))
    for row in rows:
        if isinstance(row.outcome, Crashed):
            print(row.name, *row.outcome.report.strip().splitlines()[-6:], sep="\n    ")
        elif not isinstance(row.outcome, Converted):
            print(f"{row.name}: {row.outcome.status}: {row.outcome.file}:{row.outcome.line} {row.outcome.message}")
    print("\n" + summary(rows))


if __name__ == "__main__":
    main()
