"""The fuzz harness: equal seeds give equal inputs, every kind of fault is found, and a failing input becomes small."""

from __future__ import annotations

import ast
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks import fuzz
from benchmarks.fuzzing import model, odd, python, readers, shrink, trial, workers
from benchmarks.fuzzing.model import Finding, Input
from converters.outcome import Converted, FileChange

GIVEN = readers.make("python: runpod", 0, 0)
WORKER = b"import runpod\n\n\ndef handler(job):\n    return job\n\n\nrunpod.serverless.start({'handler': handler})\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def found(given: Input, tmp_path: Path) -> list[str]:
    return [finding.kind for finding in trial.judge(given, tmp_path / "try")[1]]


@pytest.mark.parametrize("name", list(readers.READERS))
def test_equal_seeds_give_equal_inputs(name: str) -> None:
    assert [readers.make(name, number, 7) for number in range(3)] == [readers.make(name, number, 7) for number in range(3)]
    assert readers.make(name, 1, 7) != readers.make(name, 1, 8)


def test_the_shares_add_up_and_a_run_that_is_cut_short_has_tried_every_reader() -> None:
    assert sum(reader.share for reader in readers.READERS.values()) == 100
    tasks = fuzz.plan(1000, list(readers.READERS))
    assert len(tasks) == len(set(tasks)) == 1000
    assert {name for name, _ in tasks[:100]} == set(readers.READERS)


def test_most_mutations_of_python_compile_and_differ() -> None:
    texts = [python.mutate(Random(number), python_source(), readers.donors()) for number in range(60)]
    assert sum(text != python_source() for text in texts) > 55
    assert sum(python.source(text) is not None for text in texts) > 45


def python_source() -> str:
    return GIVEN.files[GIVEN.mutated[0]].decode() if python.source(GIVEN.files[GIVEN.mutated[0]].decode()) else WORKER.decode()


@pytest.mark.parametrize("change", [odd.bytes_of, odd.lines_of, odd.recoded])
def test_changes_of_bytes_take_any_bytes(change: Any) -> None:
    for number in range(50):
        assert isinstance(change(Random(number), b""), bytes)
        assert isinstance(change(Random(number), b"a\nb\xff"), bytes)


def worker(**more: Any) -> Input:
    return replace(Input("python: runpod", 0, {b"handler.py": WORKER}, mutated=(b"handler.py",)), **more)


def test_a_right_input_has_no_finding(tmp_path: Path) -> None:
    assert found(worker(), tmp_path) == []
    assert trial.judge(worker(), tmp_path / "try", on_disk=True)[:2] == ("exit 3", []) or not found(worker(), tmp_path)


def test_what_is_refused_is_no_finding(tmp_path: Path) -> None:
    assert found(worker(files={b"handler.py": b"def ("}), tmp_path) == []


def broken(*changes: FileChange) -> Any:
    """A conversion that answers with these files instead."""
    right = trial.convert

    def convert(*arguments: Any) -> Any:
        outcome = right(*arguments)
        return replace(outcome, files=changes) if isinstance(outcome, Converted) else outcome

    return convert


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param(FileChange("app.py", "added", b"def f(:\n"), "does not compile", id="an app file"),
        pytest.param(FileChange("a.py", "modified", b"if x:\n", b"x = 1\n"), "does not compile", id="a kept file"),
        pytest.param(FileChange("a.toml", "added", b"a = \n"), "does not parse", id="TOML"),
        pytest.param(FileChange("a.json", "added", b"{\n"), "does not parse", id="JSON"),
        pytest.param(FileChange("a.py", "modified", b"x = 'planted  '\n", b"x = 1\n"), "literal changed", id="a string"),
    ],
)
def test_wrong_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: FileChange, kind: str) -> None:
    monkeypatch.setattr(trial, "convert", broken(change))
    assert found(worker(planted=("'planted'",)), tmp_path)[0] == kind


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(FileChange("a.py", "modified", b"if x:\n", b"if y:\n"), id="what was broken before"),
        pytest.param(FileChange("a.py", "copied", b"if x:\n", b"if x:\n"), id="a copy"),
        pytest.param(FileChange("a.py", "modified", b"x = 'planted'\n", b"x = 1\n"), id="a string as it was"),
    ],
)
def test_right_files_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: FileChange) -> None:
    monkeypatch.setattr(trial, "convert", broken(change))
    assert found(worker(planted=("'planted'",)), tmp_path) == []


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(lambda: [None][1], "raised", id="an exception"),
        pytest.param(lambda: (_ for _ in ()).throw(MemoryError()), "over 500 MB", id="no memory"),
        pytest.param(lambda: busy(), "over 10 s", id="no end"),
    ],
)
def test_other_faults_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Any, kind: str) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.3)
    monkeypatch.setattr(trial, "convert", lambda *_: list(act()) if kind == "over 500 MB" else act())
    assert found(worker(), tmp_path) == [kind]


def busy() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            ast.parse("x")
        except Exception:  # what converts must not be able to swallow the end of its time
            continue


def test_an_input_is_stored_and_read_again(tmp_path: Path) -> None:
    given = worker(files={b"caf\xe9": b"\xff", b"a.py": b"x"}, modes={b"a.py": 0}, options={"style": "keep"}, outside={"openapi": b"\0"})
    model.save(given, Finding("exit 70", "x"), tmp_path)
    assert model.load(tmp_path / "input.json") == given


def test_a_failing_input_becomes_small() -> None:
    given = worker(files={b"handler.py": WORKER + b"# the fault\n" + WORKER, b"other.py": WORKER}, options={"style": "keep"})
    small = shrink.shrink(given, lambda one: b"fault" in one.files.get(b"handler.py", b""))
    assert small.files == {b"handler.py": b"fault"} and small.options == {}


def test_a_process_that_dies_is_a_finding_and_the_others_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    right = trial.judge

    def judge(given: Input, *rest: Any, **more: Any) -> Any:
        return os._exit(3) if given.number == 1 else right(given, *rest, **more)

    monkeypatch.setattr(trial, "judge", judge)
    ended = list(workers.run([("requirements", number) for number in range(4)], 0, 2, workers.Every()))
    assert sorted((one.task[1], [finding.kind for finding in one.findings]) for one in ended)[1] == (1, ["process died"])
    assert len(ended) == 4
