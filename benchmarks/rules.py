"""How well the rules' cases hold the code that cites them.

``python -m benchmarks.rules --sample 200 --seed 0`` negates conditions, drawn by a seed, in functions that cite rules, says which of them
no case and no test notices, and prints a table. Each runs in a process of its own; nothing on disk is changed. ``python -m benchmarks.rules
--reach`` counts the calls of the ledger that a case of the very rule that they cite reaches, and names the others.
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
import threading
import traceback
import types
from collections import Counter
from collections.abc import Callable, Generator, Iterator
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
NEAREST = 60
"""Of the tests that call a function, so many are tried."""
SECONDS = 20
"""Processor time of one case or test under a negated condition, which may never end. Then five times as long may pass."""
OTHERS = 150
"""Of the cases of rules that a function does not cite, so many that call it are tried; where there are more, drawn ones."""


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


def key(mutation: Mutation) -> str:
    return f"{mutation.file.relative_to(ROOT)}:{mutation.function}"


class Callers:
    """Which functions, among those that are asked for, are called while something runs."""

    def __init__(self, wanted: dict[str, Mutation]) -> None:
        self.names = {live(mutation).__code__: name for name, mutation in wanted.items()}
        self.called: set[str] = set()

    @contextlib.contextmanager
    def watch(self) -> Iterator[set[str]]:
        def profile(frame: types.FrameType, event: str, argument: object) -> None:
            if event == "call" and (name := self.names.get(frame.f_code)):
                self.called.add(name)

        self.called = set()
        sys.setprofile(profile)
        threading.setprofile(profile)
        try:
            yield self.called
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]


def cases_of_functions(wanted: dict[str, Mutation]) -> dict[str, list[int]]:
    """Function -> the numbers of the cases that call it."""
    found: dict[str, list[int]] = {name: [] for name in wanted}
    callers = Callers(wanted)
    for number, (_, case) in enumerate(CASES):
        with tempfile.TemporaryDirectory() as folder, callers.watch() as called:
            run(Path(folder), case)
        for name in called:
            found[name].append(number)
    return found


def tests_of_functions(wanted: dict[str, Mutation]) -> dict[str, list[str]]:
    """Function -> the tests that call it, of those about its part of the program and those about all parts."""
    found: dict[str, list[str]] = {name: [] for name in wanted}
    callers = Callers(wanted)

    class Watching:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
            with callers.watch() as called:
                answer = yield
            for name in called:
                found[name].append(item.nodeid)
            return answer

    parts = [name.removeprefix("converters/") for name in wanted]
    about = [path for start, paths in TESTS.items() if any(part.startswith(start) for part in parts) for path in paths]
    quietly(["-q", *dict.fromkeys([*about, *WHOLE])], [Watching()])
    return found


def quietly(arguments: list[str], plugins: list[object] | None = None) -> int:
    """Run tests in this process and return the exit code of pytest."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", *arguments], plugins))


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


def who_notices(mutation: Mutation, numbers: list[int], tests: list[str]) -> str:
    """What finds a mutation; '' for nothing. Spoils the process."""
    live(mutation).__code__ = mutated(mutation)
    for number in numbers:
        limit()
        rule, case = CASES[number]
        if notices(rule, case):
            return f"{rule.code}: {case.id}"
    return "a test" if tests and quietly(["-x", "-q", *tests], [Limited()]) == 1 else ""


def limit() -> None:
    """End this process if what it does next takes too long."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(5 * SECONDS)


class Limited:
    def pytest_runtest_logstart(self) -> None:
        limit()


def in_a_process(work: Callable[[], Any]) -> Any:
    """What `work` returns, called in a process of its own. A string says how the process ended where that was not by itself."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            with os.fdopen(writer, "w") as answer:
                json.dump(work(), answer)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    status = os.waitpid(pid, 0)[1]
    return json.loads(text) if status == 0 else f"the process ends with {os.waitstatus_to_exitcode(status)}"


def codes_of(mutation: Mutation) -> set[str]:
    """The codes of the rules that a function cites."""
    node = dict(functions(ast.parse(mutation.file.read_bytes())))[mutation.function]
    return {child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute) and is_citation(child)}


def mutate(count: int, seed: int, output: Path | None) -> int:
    """The cases of the cited rules first; what they pass over meets the other cases that call the function, then the tests that do."""
    every = mutations()
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    cases = in_a_process(lambda: cases_of_functions({key(mutation): mutation for mutation in chosen}))
    importlib.import_module("converters.batch.preloaded")  # once, not in every process
    found: dict[Mutation, str] = {}
    left: list[Mutation] = []
    own = 0
    for number, mutation in enumerate(chosen, 1):
        numbers, codes = cases[key(mutation)], codes_of(mutation)
        cited = [case for case in numbers if CASES[case][0].code in codes]
        others = sorted({*numbers} - {*cited})
        others = random.Random(0).sample(others, min(OTHERS, len(others)))
        by = in_a_process(lambda mutation=mutation, cases=[*cited, *others]: who_notices(mutation, cases, []))
        own += by.partition(":")[0] in codes
        found[mutation] = by
        if not by:
            left.append(mutation)
        if number % 20 == 0:
            print(f"{number}: a case notices {number - len(left)}", file=sys.stderr, flush=True)
    tests = in_a_process(lambda: tests_of_functions({key(mutation): mutation for mutation in left})) if left else {}
    calls = Counter(test for ids in tests.values() for test in ids)  # those that call the fewest of the functions are about them
    for mutation in left:
        ids = sorted(set(tests[key(mutation)]), key=lambda test: (calls[test], test))[:NEAREST]
        found[mutation] = in_a_process(lambda mutation=mutation, ids=ids: who_notices(mutation, [], ids))
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
    print(f"| {len(chosen)} of {len(every)} | {own} | {' | '.join(map(str, rest))} | {noticed / len(chosen):.1%} |")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--reach", action="store_true", help="count the calls of the ledger that cases reach, and draw no conditions")
    parser.add_argument("--sample", type=int, default=200, metavar="COUNT", help="how many conditions are drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="file for a line of JSON for each condition")
    options = parser.parse_args()
    return reach() if options.reach else mutate(options.sample, options.seed, options.output)


if __name__ == "__main__":
    raise SystemExit(main())
