"""Whether a program can act on every finding: each has an id of its own, a place, what was expected, and a command that shows it again.

    python -m benchmarks.findings PATH... [--draw 50] [--seed 0]

Every folder directly below a PATH is converted (`migrate FOLDER --check --format json`); of one that is a fal project already, or
that has been converted below PATH, `migrate check` is asked. `--draw`: how many of the commands are run, drawn by the seed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from converters.cli import answer

Finding = dict[str, Any]
NEEDED = ("id", "rule", "observed", "expected", "reproduce")
"""What is not empty in any finding."""


def printed(arguments: Sequence[str]) -> dict[str, Any]:
    """The JSON document of a command; what it says on standard error is dropped."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        answer(list(arguments))
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def lacking(finding: Finding) -> list[str]:
    """What a finding has not, by the names of its keys; `place` for a line without a file."""
    return [key for key in NEEDED if not finding[key]] + (["place"] if finding["line"] and not finding["file"] else [])


def is_shown_again(finding: Finding) -> bool:
    """Whether the finding's own command shows it, with the same rule and place."""
    program, *arguments = shlex.split(finding["reproduce"])
    again = printed(arguments)["findings"] if program == "migrate" else []
    same = [one for one in again if one["id"] == finding["id"]]
    return len(same) == 1 and all(same[0][key] == finding[key] for key in ("rule", "file", "line", "observed", "expected"))


def documents(paths: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each project with the document of its conversion; of a fal project, with that of its preflight too."""
    for folder in sorted(folder for path in paths for folder in path.iterdir() if folder.is_dir()):
        document = printed([str(folder), "--check", "--format", "json"])
        yield folder, document
        if document["status"] == "unchanged":
            yield folder, printed(["check", str(folder), "--format", "json"])


def main() -> int:
    """Print the figures; 1 where a finding lacks something, or a drawn command does not show it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--draw", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found: list[Finding] = []
    projects, wrong = 0, Counter[str]()
    for folder, document in documents(options.paths):
        projects += 1
        found += document["findings"]
        ids = Counter(one["id"] for one in document["findings"])
        wrong.update(f"{folder.name}: {id} is told {count} times" for id, count in ids.items() if count > 1)
        wrong.update(f"{folder.name}: {one['id']} has no {key}" for one in document["findings"] for key in lacking(one))
    drawn = random.Random(options.seed).sample(found, min(options.draw, len(found)))
    lost = [one for one in drawn if not is_shown_again(one)]
    edits = sum(one["edit"] is not None for one in found)
    print(f"{len(found)} findings in {projects} documents, {edits} with an edit; {len(wrong)} lack something")
    print(f"{len(drawn) - len(lost)} of {len(drawn)} drawn commands show their finding again (seed {options.seed})")
    for text in [*wrong, *(f"not shown again: {one['reproduce']} {one['id']}" for one in lost)]:
        print(f"  {text}")
    return int(bool(wrong or lost))


if __name__ == "__main__":
    sys.exit(main())
