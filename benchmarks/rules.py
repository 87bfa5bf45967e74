"""How well the rules' cases hold the code that cites them.

``python -m benchmarks.rules --sample 200 --seed 0`` negates conditions, drawn by a seed, in functions that cite rules, says which of them
no case and no test notices, and prints a table; with ``--sample 0`` all of them. Each runs in a process of its own; nothing on disk is
changed. ``python -m benchmarks.rules --reach`` counts the calls of the ledger that a case of the very rule that they cite reaches, and
names the others.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conditions import ROOT, Condition, cited, every_condition
from benchmarks.noticing import CASES, case_that_notices, cases_that_meet, in_a_process, in_order, tests_that_notice, warm_up
from tests.rules.projects import Reached, reaching, run

# What is reached


@dataclass(frozen=True)
class Site:
    """A call of the ledger."""

    file: str
    line: int
    end: int


def sites() -> list[Site]:
    """Every call of `settle` or `note` of a ledger, but for what a person says of a change in review, under the rule of that change, and
    for what the rules of other packages say.
    """
    found = []
    for path in sorted((ROOT / "converters").rglob("*.py")):
        if path.is_relative_to(ROOT / "converters" / "review") or path.name == "own_rules.py":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in ("settle", "note") and "ledger" in ast.unparse(called.value):
                found.append(Site(str(path), called.lineno, node.end_lineno or called.lineno))
    return found


def missed(found: Reached) -> list[str]:
    """The calls that no case of the rule that they cite reaches, each with what reaches it instead."""
    left = []
    for site in sites():
        calls = [pair for (file, line), pairs in found.items() if file == site.file and site.line <= line <= site.end for pair in pairs]
        if not any(cited == of_case for cited, of_case in calls):
            others = ", ".join(sorted({f"{cited} by a case of {of_case}" for cited, of_case in calls})[:3]) or "by no case"
            left.append(f"{Path(site.file).relative_to(ROOT)}:{site.line}: {others}")
    return left


def reach() -> int:
    found: Reached = {}
    for rule, case in CASES:
        with tempfile.TemporaryDirectory() as folder, reaching(found, rule.code):
            run(Path(folder), case)
    left, total = missed(found), len(sites())
    hit = total - len(left)
    print("\n".join(left))
    print(f"{hit} of {total} calls of the ledger are reached by a case of the rule that they cite ({hit / total:.0%})")
    return 0


# What is noticed


def negations(chosen: list[Condition]) -> list[str]:
    """What notices that each condition is negated; '' for nothing. Cases of the cited rules come first, then other cases, then tests."""
    warm_up()
    meeting: list[list[int]] = in_a_process(lambda: cases_that_meet(chosen))
    found = []
    for number, condition in enumerate(chosen):
        numbers = in_order(condition, meeting[number])
        found.append(in_a_process(lambda condition=condition, numbers=numbers: case_that_notices(condition, numbers)) if numbers else "")
        if len(found) % 20 == 0:
            print(f"{len(found)}: a case notices {sum(map(bool, found))}", file=sys.stderr, flush=True)
    left = [number for number, by in enumerate(found) if not by]
    if left:
        for number, by in zip(left, tests_that_notice([chosen[number] for number in left]), strict=True):
            found[number] = by
    return found


def negate(count: int, seed: int, output: Path | None) -> int:
    every = every_condition()
    chosen = random.Random(seed).sample(every, min(count or len(every), len(every)))
    found = negations(chosen)
    for condition, by in zip(chosen, found, strict=True):
        if not by:
            print(f"{condition.place}: `{condition.text}` can be negated unnoticed")
    if output:
        rows = ({"place": one.place, "condition": one.text, "noticed": by} for one, by in zip(chosen, found, strict=True))
        output.write_text("".join(json.dumps(row) + "\n" for row in rows))
    own = sum(by.partition(":")[0] in cited(condition) for condition, by in zip(chosen, found, strict=True))
    by_test, by_nothing = sum("::" in by for by in found), found.count("")
    print(f"| conditions | noticed by a case of a cited rule | by another case | by a test | by nothing | share |\n|{'---|' * 6}")
    rest = (len(chosen) - own - by_test - by_nothing, by_test, by_nothing)
    print(f"| {len(chosen)} of {len(every)} | {own} | {' | '.join(map(str, rest))} | {1 - by_nothing / len(chosen):.1%} |")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--reach", action="store_true", help="count the calls of the ledger that cases reach, and draw no conditions")
    parser.add_argument("--sample", type=int, default=200, metavar="COUNT", help="how many conditions are drawn; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="file for a line of JSON for each condition")
    options = parser.parse_args()
    return reach() if options.reach else negate(options.sample, options.seed, options.output)


if __name__ == "__main__":
    raise SystemExit(main())
