"""Which conditions a case or a test comes to, and which of them notices that a condition is negated."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conditions import Condition, cited, forget, negate
from converters.rules import Case, Rule, all_rules
from tests.rules import test_rules
from tests.rules.projects import run

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
FORKLESS = ("tests/containers/test_dockerfile_properties.py",)
"""Tests that ask a library of Go's, whose threads a forked process has not."""
NEAREST = 60
"""Of the tests that come to a condition, so many are tried: those that come to the fewest conditions first."""
SECONDS = 20
"""Processor time of one case or test under a negated condition, which may never end. Then five times as long may pass."""


class Lines:
    """Which conditions, among those that are asked for, are come to while something runs."""

    def __init__(self, wanted: Sequence[Condition]) -> None:
        self.numbers: dict[str, dict[int, list[int]]] = {}
        for number, condition in enumerate(wanted):
            for line in range(condition.line, condition.end + 1):
                self.numbers.setdefault(str(condition.file), {}).setdefault(line, []).append(number)
        self.wanted = functools.cache(self._wanted)

    def _wanted(self, code: types.CodeType) -> dict[int, list[int]]:
        of_file = self.numbers.get(code.co_filename, {})
        return {line: of_file[line] for _, _, line in code.co_lines() if line in of_file}

    @contextlib.contextmanager
    def watch(self) -> Iterator[set[int]]:
        met: set[int] = set()

        def trace(frame: types.FrameType, event: str, argument: object) -> Any:
            if not (wanted := self.wanted(frame.f_code)):
                return None
            if event == "line" and (numbers := wanted.get(frame.f_lineno)):
                met.update(numbers)
            return trace

        forget()
        before = sys.gettrace()
        sys.settrace(trace)
        threading.settrace(trace)
        try:
            yield met
        finally:
            sys.settrace(before)
            threading.settrace(None)  # type: ignore[arg-type]


# Cases


def warm_up() -> None:
    """Import what conversions need and convert a case of every platform, once and not in every process."""
    importlib.import_module("converters.batch.preloaded")
    for start in ("RP", "RC", "DK", "CL", "FAL"):
        case = next(case for rule, case in CASES if rule.code.startswith(start) and case.kind == "converted")
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), case)


def cases_that_meet(wanted: Sequence[Condition]) -> list[list[int]]:
    """For each condition, the numbers of the cases that come to it."""
    found: list[list[int]] = [[] for _ in wanted]
    lines = Lines(wanted)
    for number, (_, case) in enumerate(CASES):
        with tempfile.TemporaryDirectory() as folder, lines.watch() as met:
            run(Path(folder), case)
        for condition in met:
            found[condition].append(number)
    return found


def in_order(condition: Condition, numbers: Sequence[int]) -> list[int]:
    """The cases of the rules that a function cites, then the others."""
    codes = cited(condition)
    return sorted(numbers, key=lambda number: CASES[number][0].code not in codes)


def case_that_notices(condition: Condition, numbers: Sequence[int]) -> str:
    """The first case that fails under the negated condition; '' for none. Spoils the process."""
    negate(condition)
    for number in numbers:
        limit()
        rule, case = CASES[number]
        if fails(rule, case):
            return f"{rule.code}: {case.id}"
    return ""


def fails(rule: Rule, case: Case) -> bool:
    try:
        if case.kind == "untouched":
            test_rules.test_an_untouched_case_is_left_alone(rule, case)
        else:
            test_rules.test_an_acting_case_names_the_rule(rule, case)
        test_rules.test_a_case_comes_out_as_it_says(rule, case)
    except Exception:
        return True
    return False


# Tests


def tests_that_notice(conditions: Sequence[Condition]) -> list[str]:
    """For each condition, a test that fails when it is negated; '' for none. The tests are collected once."""
    parts = [str(condition.place).removeprefix("converters/") for condition in conditions]
    about = [path for start, paths in TESTS.items() if any(part.startswith(start) for part in parts) for path in paths]
    loop = Loop(conditions)
    arguments = ["-p", "no:cacheprovider", "-p", "no:xdist", "-q", *(f"--ignore={path}" for path in FORKLESS)]
    with contextlib.redirect_stdout(io.StringIO()) as told, contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main([*arguments, *dict.fromkeys([*about, *WHOLE])], [loop])
    assert code == pytest.ExitCode.OK, told.getvalue()
    return loop.found


class Loop:
    """Runs the collected tests once as they are, and then those that come to a condition, for each condition."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.conditions = conditions
        self.found = [""] * len(conditions)
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> object:
        assert session.items, "no test was collected"
        tests: list[list[int]] | str = in_a_process(lambda: self._tests_that_meet(session.items))
        assert not isinstance(tests, str), tests
        meets = Counter(test for numbers in tests for test in numbers)
        for number, condition in enumerate(self.conditions):
            nearest = sorted(tests[number], key=lambda test: (meets[test], test))[:NEAREST]
            items = [session.items[test] for test in nearest]
            self.found[number] = (
                in_a_process(lambda condition=condition, items=items: self._that_notices(condition, items)) if items else ""
            )
        return True

    def _tests_that_meet(self, items: list[pytest.Item]) -> list[list[int]]:
        """For each condition, the numbers of the tests that come to it and pass as things are."""
        found: list[list[int]] = [[] for _ in self.conditions]
        lines = Lines(self.conditions)
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            limit(10 * SECONDS)
            with lines.watch() as met:
                failed = self._fails(item, following)
            for condition in () if failed else met:
                found[condition].append(number)
        return found

    def _that_notices(self, condition: Condition, items: list[pytest.Item]) -> str:
        negate(condition)
        for item, following in zip(items, [*items[1:], None], strict=True):
            limit()
            if self._fails(item, following):
                return item.nodeid
        return ""

    def _fails(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return self.failed


# Processes


def limit(seconds: int = SECONDS) -> None:
    """End this process if what it does next takes too long."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(5 * seconds)


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
