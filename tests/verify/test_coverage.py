"""Which statements ran is told by file of the project, wherever the file lies in the image."""

from __future__ import annotations

from converters.verify.coverage import lines_run, measured
from converters.verify.observe import Event

CODE = b"def f(x):\n    if x:\n        return 1\n    return 2\n"


def ran(path: str, *lines: int) -> list[Event]:
    return [Event(1, "line", path, line) for line in lines]


def test_a_kept_file_is_measured_on_both_sides() -> None:
    (found,) = measured({"src/a.py": CODE}, {"src/a.py": CODE}, ran("/app/src/a.py", 1, 2, 3), ran("/data/app/src/a.py", 1, 2))
    assert (found.file, found.lines, found.source, found.target, found.never) == ("src/a.py", 4, 3, 2, [4])


def test_lines_of_a_changed_file_are_its_own_and_nothing_is_said_of_never() -> None:
    (found,) = measured({"a.py": CODE}, {"a.py": b"def f(x):\n    return 2\n"}, ran("/a.py", 1, 2), ran("/a.py", 1, 2, 3))
    assert (found.lines, found.source, found.target, found.never) == (4, 2, 2, [])


def test_files_that_are_new_or_never_ran_are_left_out() -> None:
    found = measured({"a.py": CODE, "b.py": CODE}, {"app.py": CODE, "a.py": CODE}, ran("/x/a.py", 1), ran("/x/app.py", 1))
    assert [part.file for part in found] == ["a.py"]


def test_the_longest_path_that_ends_alike_is_meant() -> None:
    files = {"run.py": CODE, "src/run.py": CODE}
    assert lines_run(files, ran("/app/src/run.py", 2)) == {"src/run.py": {2}}
    assert lines_run(files, ran("/app/run.py", 2)) == {"run.py": {2}}
    assert lines_run(files, ran("/app/rerun.py", 2)) == {}


def test_other_events_and_lines_that_are_no_statements_are_passed_over() -> None:
    (found,) = measured({"a.py": CODE}, {}, [Event(1, "call", "/a.py", 1), *ran("/a.py", 1, 99)], [])
    assert (found.source, found.target) == (1, 0)


def test_what_is_no_python_has_no_statements() -> None:
    (found,) = measured({"a.py": b"def ("}, {"a.py": b"def ("}, ran("/a.py", 1), [])
    assert (found.lines, found.source) == (0, 0)


def test_code_that_is_nested_too_deeply_has_no_statements() -> None:
    for deep in (b"+".join([b"1"] * 20_000), b"-" * 20_000 + b"1"):
        (found,) = measured({"a.py": deep}, {"a.py": deep}, ran("/a.py", 1), [])
        assert (found.lines, found.source) == (0, 0)


def test_functions_within_functions_are_followed_to_the_last() -> None:
    deep = b"lambda: " * 2_000 + b"(\n1)"
    (found,) = measured({"a.py": deep}, {"a.py": deep}, ran("/a.py", 1, 2), [])
    assert (found.lines, found.source) == (2, 2)
