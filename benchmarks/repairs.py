"""A loop that repairs an app, and reads nothing but JSON: edits are applied, the other tasks are done by a table of their kinds.

    python -m benchmarks.repairs APP [--source SOURCE] [--seconds 20]

It asks `migrate check APP`, and once that ends with 0 `migrate verify SOURCE APP`; while one does not, it has `migrate brief` say what is
to be done, does what it can, and asks again, at most five times. It stands for a coding agent that only does as it is told.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.findings import printed

MOST = 5
"""Rounds after which it gives up."""
Task = dict[str, Any]
Table = dict[str, Callable[[Task, "Loop"], bool]]


@dataclass
class Loop:
    """An app under repair. `log`: what was done in each round, by the ids of tasks; `verifies`: whether both sides run."""

    app: Path
    source: Path | None = None
    seconds: float = 20
    verifies: bool = True
    log: list[list[str]] = field(default_factory=list)

    def run(self) -> int:
        """Repair it; the exit code of the last command that was asked."""
        while (document := self._judged())["exit_code"] and len(self.log) < MOST:
            done = [task["id"] for task in self._tasks(document) if task["scope"] == "code" and self._does(task)]
            if not done:
                break
            self.log.append(done)
        return int(document["exit_code"])

    def _judged(self) -> dict[str, Any]:
        """What the first command says that does not end with 0, else the last one."""
        document = printed(["check", str(self.app), "--format", "json"])
        if document["exit_code"] or self.source is None or not self.verifies:
            return document
        return printed(["verify", str(self.source), str(self.app), "--seconds", str(self.seconds), "--format", "json"])

    def _tasks(self, document: dict[str, Any]) -> list[Task]:
        """The tasks of a brief that knows the document."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            report.write_text(json.dumps(document))
            source = ["--source", str(self.source)] if self.source is not None else []
            told = printed(["brief", str(self.app), "--report", str(report), *source, "--format", "json"])
        tasks: list[Task] = told["tasks"]
        return tasks

    def _does(self, task: Task) -> bool:
        """Do a task: by its edit, else by the table. False where that cannot be done, or not any more in this round."""
        if task["edit"] is not None:
            done = subprocess.run(["git", "apply"], cwd=task["applies_in"], input=task["edit"].encode(), capture_output=True)
            return done.returncode == 0
        return task["kind"] in TABLE and TABLE[task["kind"]](task, self)


def copy(task: Task, loop: Loop) -> bool:
    """What is missing is copied from where the source has it, to where the app may have it."""
    held = next((fact["file"] for fact in task["facts"] if fact["place"] == "source" and fact["text"] == "the source has it"), None)
    place = loop.app / held if held is not None else None
    if place is None or loop.source is None or place.exists():
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(loop.source / str(held), place)
    return True


def supply_name(task: Task, loop: Loop) -> bool:
    """A module of the source is copied, and one of the standard library imported before the first statement that imports."""
    if copy(task, loop):
        return True
    name, fact = task["about"], next(fact for fact in task["facts"] if fact["place"] == "app")
    if name not in sys.stdlib_module_names:
        return False
    file = loop.app / fact["file"]
    lines = file.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(("import ", "from ")))
    file.write_text("".join([*lines[:at], f"import {name}\n", *lines[at:]]))
    return True


TABLE: Table = {"missing-file": copy, "import": supply_name}
"""Kind of a task without an edit -> what is done."""


def main() -> int:
    """Repair one app in place and say how; its last exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("app", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    loop = Loop(options.app, options.source, options.seconds)
    code = loop.run()
    for number, done in enumerate(loop.log, 1):
        print(f"round {number}: {', '.join(done)}")
    print(f"exit {code} after {len(loop.log)} rounds")
    return code


if __name__ == "__main__":
    sys.exit(main())
