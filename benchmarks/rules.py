"""How well the rules' cases hold the code that cites them.

``python -m benchmarks.rules reach`` counts the calls of the ledger that a case of the very rule that they cite reaches, and names the
others. ``python -m benchmarks.rules mutate --count 200`` negates conditions, drawn by a seed, in functions that cite rules, and says which
of them a case or a test of the folder notices. Each runs in a process of its own; nothing on disk is changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import io
import json
import os
import random
import signal
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from converters.rules import Case, Rule, all_rules
from tests.rules import test_rules
from tests.rules.projects import Reached, reaching, run

ROOT = Path(__file__).parents[1]
CASES = [(rule, case) for rule in all_rules() for case in rule.cases]
TESTS = {
    "sources/docker": ["tests/sources/docker", "tests/containers"],
    "sources/runpod": ["tests/sources/runpod"],
    "sources/replicate": ["tests/sources/replicate"],
    "callers": ["tests/callers"],
    "targets": ["tests/targets", "tests/test_overrides.py"],
    "concepts": ["tests/concepts", "tests/sources"],
    "credentials": ["tests/credentials"],
    "preflight": ["tests/preflight"],
}
"""Part of the program -> the tests that are about it, beside those of whole projects."""
WHOLE = [
    *("tests/test_fixtures.py", "tests/test_ledger_complete.py", "tests/rules/test_meetings.py", "tests/rules/test_guide_rows.py"),
    *("tests/rules/test_closed_gaps.py", "tests/rules/test_unknown_names.py"),
]
SECONDS = 600


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """The files of the converter that cite rules."""
    for path in sorted((ROOT / "converters").rglob("*.py")):
        if "rules" not in path.relative_to(ROOT).parts:
            tree = ast.parse(path.read_bytes())
            if any(isinstance(node, ast.Attribute) and is_citation(node) for node in ast.walk(tree)):
                yield path, tree


def is_citation(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rules"


# What is reached


@dataclass(frozen=True)
class Site:
    """A call of the ledger."""

    file: str
    line: int
    end: int


def sites() -> list[Site]:
    """Every call of `settle` or `note` of a ledger."""
    found = []
    for path in sorted((ROOT / "converters").rglob("*.py")):
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


@dataclass(frozen=True)
class Mutation:
    """A condition of a function, by the order in which conditions stand in it."""

    file: Path
    function: str
    line: int
    column: int
    text: str


def conditions(node: ast.AST) -> Iterator[ast.expr]:
    """What a function decides by."""
    for child in ast.walk(node):
        if isinstance(child, ast.If | ast.IfExp | ast.While):
            yield child.test
        elif isinstance(child, ast.comprehension):
            yield from child.ifs


def mutations() -> list[Mutation]:
    """Every condition of every function that cites a rule."""
    found = []
    for path, tree in sources():
        for name, node in functions(tree):
            if any(is_citation(child) for child in ast.walk(node)):
                for test in conditions(node):
                    found.append(Mutation(path, name, test.lineno, test.col_offset, ast.unparse(test)))
    return list(dict.fromkeys(found))


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """The functions of a module and the methods of its classes, by their qualified names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef))


def mutated(mutation: Mutation) -> types.CodeType:
    """The code of the function with its condition negated."""

    class Negate(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            super().visit(node)
            for name in ("test", "ifs"):
                value = getattr(node, name, None)
                if isinstance(value, ast.expr) and (value.lineno, value.col_offset) == (mutation.line, mutation.column):
                    setattr(node, name, ast.copy_location(ast.UnaryOp(ast.Not(), value), value))
                elif isinstance(value, list):
                    setattr(node, name, [negated(one) for one in value])
            return node

    def negated(value: ast.expr) -> ast.expr:
        is_it = (value.lineno, value.col_offset) == (mutation.line, mutation.column)
        return ast.copy_location(ast.UnaryOp(ast.Not(), value), value) if is_it else value

    tree = ast.fix_missing_locations(Negate().visit(ast.parse(mutation.file.read_bytes())))
    code = compile(tree, str(mutation.file), "exec", dont_inherit=True)
    for part in mutation.function.split("."):
        code = next(inner for inner in code.co_consts if isinstance(inner, types.CodeType) and inner.co_name == part)
    return code


def live(mutation: Mutation) -> types.FunctionType:
    """The function as it is loaded."""
    found: Any = importlib.import_module(".".join(mutation.file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for part in mutation.function.split("."):
        found = inspect.getattr_static(found, part)
    for name in ("__func__", "fget", "func"):
        found = getattr(found, name, found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    assert isinstance(found, types.FunctionType)
    return found


def cases_of_functions(chosen: list[Mutation]) -> dict[str, list[int]]:
    """Function -> the numbers of the cases that call it."""
    codes = {live(mutation).__code__: f"{mutation.file}:{mutation.function}" for mutation in chosen}
    found: dict[str, list[int]] = {name: [] for name in codes.values()}
    for number, (_, case) in enumerate(CASES):
        called: set[str] = set()

        def profile(frame: types.FrameType, event: str, argument: object, called: set[str] = called) -> None:
            if event == "call" and frame.f_code in codes:
                called.add(codes[frame.f_code])

        sys.setprofile(profile)
        try:
            with tempfile.TemporaryDirectory() as folder:
                run(Path(folder), case)
        finally:
            sys.setprofile(None)
        for name in called:
            found[name].append(number)
    return found


def notices(rule: Rule, case: Case) -> bool:
    """Whether a case fails."""
    try:
        if case.kind == "untouched":
            test_rules.test_an_untouched_case_is_left_alone(rule, case)
        else:
            test_rules.test_an_acting_case_names_the_rule(rule, case)
        test_rules.test_a_case_comes_out_as_it_says(rule, case)
    except Exception:
        return True
    return False


def who_notices(mutation: Mutation, numbers: list[int], *, tests: bool) -> str:
    """What finds a mutation; '' for nothing. Runs in a process of its own, which it spoils."""
    live(mutation).__code__ = mutated(mutation)
    for number in numbers:
        rule, case = CASES[number]
        if notices(rule, case):
            return f"{rule.code}: {case.id}"
    if not tests:
        return ""
    part = mutation.file.relative_to(ROOT / "converters").as_posix()
    about = next((found for start, found in TESTS.items() if part.startswith(start)), [])
    paths = [path for path in [*about, *WHOLE] if (ROOT / path).exists()]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *paths])
    return "a test" if code == 1 else ""


def in_a_process(mutation: Mutation, numbers: list[int], *, tests: bool) -> str:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        signal.alarm(SECONDS)
        os.write(writer, who_notices(mutation, numbers, tests=tests).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found = answer.read()
    status = os.waitpid(pid, 0)[1]
    return found if status == 0 else f"it ends with {os.waitstatus_to_exitcode(status)}"


def cases_of_cited_rules(mutation: Mutation) -> list[int]:
    """The numbers of the cases of the rules that a function cites."""
    node = dict(functions(ast.parse(mutation.file.read_bytes())))[mutation.function]
    cited = {child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute) and is_citation(child)}
    return [number for number, (rule, _) in enumerate(CASES) if rule.code in cited]


def mutate(count: int, seed: int, output: Path | None) -> int:
    """The cases of the cited rules first; what they pass over meets every case that calls the function, and then the tests."""
    every = mutations()
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    found = {mutation: in_a_process(mutation, cases_of_cited_rules(mutation), tests=False) for mutation in chosen}
    own = sum(map(bool, found.values()))
    print(f"{own} of {len(chosen)} are noticed by a case of the rules that the function cites", flush=True)
    left = [mutation for mutation in chosen if not found[mutation]]
    numbers = cases_of_functions(left) if left else {}
    for mutation in left:
        found[mutation] = in_a_process(mutation, numbers[f"{mutation.file}:{mutation.function}"], tests=True)
        if not found[mutation]:
            place = f"{mutation.file.relative_to(ROOT)}:{mutation.line} {mutation.function}"
            print(f"{place}: `{mutation.text}` can be negated unnoticed", flush=True)
    if output:
        rows = ({"place": f"{one.file.relative_to(ROOT)}:{one.line}", "condition": one.text, "noticed": by} for one, by in found.items())
        output.write_text("".join(json.dumps(row) + "\n" for row in rows))
    by_test = sum(by == "a test" for by in found.values())
    noticed = sum(map(bool, found.values()))
    print(f"| conditions | noticed by a case of a cited rule | by another case | by a test | by nothing | share |\n|{'---|' * 6}")
    rest = (noticed - own - by_test, by_test, len(chosen) - noticed)
    print(f"| {len(chosen)} of {len(every)} | {own} | {' | '.join(map(str, rest))} | {noticed / len(chosen):.0%} |")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("what", choices=["reach", "mutate"])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="file for a line of JSON for each mutation")
    options = parser.parse_args()
    return reach() if options.what == "reach" else mutate(options.count, options.seed, options.output)


if __name__ == "__main__":
    raise SystemExit(main())
