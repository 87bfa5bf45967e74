"""A batch gives one result per project, in order, whatever happens to any of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.batch import BatchRequest, run_batch
from converters.batch.journal import Journal
from converters.batch.plan import Job, planned
from converters.batch.workers import Ended, Workers
from converters.discovery import CONVERTED, Search
from converters.errors import Unreadable, UsageError
from converters.reports import print_batch
from converters.reports.formats import github, markdown
from converters.reports.json import Document, published_schema
from tests import jobs, made
from tests.verify.made import FIXTURES


@dataclass(frozen=True)
class Unit:
    root: Path
    entry: str = "handler.py"
    platform: str = "runpod"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def discovery(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], list[Unit]]], None]:
    """Stand in for the search for units."""

    def install(units: Callable[[Path], list[Unit]]) -> None:
        module = types.ModuleType("converters.discovery")
        module.search = lambda path: Search(units(path))  # type: ignore[attr-defined]
        module.CONVERTED = CONVERTED  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "converters.discovery", module)

    install(lambda path: [Unit(file.parent) for file in sorted(path.rglob("handler.py"))])
    return install


def corpus(folder: Path, **projects: str) -> Path:
    """Projects by name; a text tells how the worker behaves."""
    for name, behave in projects.items():
        root = made.source(folder / "corpus", name)
        if behave:
            (root / "behave").write_text(behave)
    return folder / "corpus"


def batch(path: Path, output: Path | None, **request: Any) -> Document:
    made_batch = run_batch(BatchRequest((path,), output, **{"jobs": 4, **request}), jobs.convert)
    Draft202012Validator(published_schema("batch.schema.json")).validate(made_batch)
    for result in made_batch["results"]:
        Draft202012Validator(published_schema()).validate(result)
    return made_batch


def names(made_batch: Document) -> list[tuple[str, str, int]]:
    return [(Path(result["source"]["path"]).name, result["status"], result["exit_code"]) for result in made_batch["results"]]


# Workers


def ends(*what: str, timeout: float = 60.0, count: int = 3) -> list[Ended]:
    return sorted(Workers(jobs.act, count, timeout).run(what), key=lambda ended: ended.number)


def test_every_call_ends_and_none_touches_another() -> None:
    first, raised, killed, ended, last = ends("one", "raise", "kill", "exit", "two")
    (fault,) = ends("segfault")
    assert "killed by SIGSEGV" in fault.problem
    assert (first.answer, last.answer) == ({"said": "one"}, {"said": "two"})
    assert (raised.problem, "a bug" in raised.report) == ("KeyError: 'a bug'.", True)
    assert "killed by SIGKILL" in killed.problem
    assert "exit code 3" in ended.problem


def test_a_hang_is_stopped_in_time() -> None:
    start = time.monotonic()
    hung, deaf, well = ends("hang", "ignore", "well", timeout=1.5)
    assert "longer than 1.5 s" in hung.problem
    assert "longer than 1.5 s" in deaf.problem
    assert well.answer == {"said": "well"}
    assert time.monotonic() - start < 20


def test_what_conversions_import_is_imported_once_for_all_of_them() -> None:
    projects = [FIXTURES / name for name in ("runpod/upscaler", "replicate/blur", "docker/captions", "docker/thumbs")]
    found = [ended.answer for ended in Workers(jobs.imported_by_converting, 2, 60.0).run(projects)]
    assert found == [{"status": "converted", "imported": []}] * len(projects)


def test_closing_the_workers_ends_their_processes() -> None:
    running = Workers(jobs.act, 2, 60.0).run(["one", "hang"])
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert not [child for child in __import__("multiprocessing").active_children() if child.is_alive()]


# Batches


@pytest.mark.usefixtures("discovery")
def test_one_result_per_project_in_order(tmp_path: Path) -> None:
    folder = corpus(tmp_path, a="", b="kill", c="raise", d="hang", e="")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    made_batch = batch(folder, tmp_path / "out", timeout=2.0)
    crash = ("crashed", 70)
    assert names(made_batch) == [("a", "converted", 0), ("b", *crash), ("c", *crash), ("d", *crash), ("e", "converted", 0)]
    assert (made_batch["exit_code"], made_batch["counts"]) == (70, {"converted": 2, "crashed": 3})
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".fal-migrate")) == ["a-fal", "e-fal"]
    assert Path(made_batch["results"][2]["report"]).read_text().count("KeyError") > 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("discovery")
def test_shards_share_out_all_projects_and_name_their_outputs_alike(tmp_path: Path) -> None:
    folder = corpus(tmp_path, a="", b="", c="")
    whole = batch(folder, tmp_path / "whole")
    parts = [batch(folder, tmp_path / "parts", shard=(number, 2)) for number in (1, 2)]
    assert [names(part) for part in parts] == [[names(whole)[0], names(whole)[2]], [names(whole)[1]]]
    assert sorted(p.name for p in (tmp_path / "whole").glob("*-fal")) == sorted(p.name for p in (tmp_path / "parts").glob("*-fal"))


@pytest.mark.usefixtures("discovery")
def test_a_resumed_batch_does_only_what_is_left(tmp_path: Path) -> None:
    folder = corpus(tmp_path, a="", b="kill", c="")
    first = batch(folder, tmp_path / "out")
    stamp = (tmp_path / "out/a-fal").stat().st_ino
    (folder / "b/behave").unlink()
    (folder / "a/behave").write_text("kill")
    for file in (tmp_path / "out/c-fal").rglob("*"):
        if file.is_file():
            file.unlink()
    (tmp_path / "out/c-fal").rename(tmp_path / "gone")
    with next((tmp_path / "out").glob(".fal-migrate-batch.jsonl")).open("a") as journal:
        journal.write('{"key": "cut o')
    second = batch(folder, tmp_path / "out", resume=True)
    assert (first["exit_code"], second["exit_code"]) == (70, 0)
    assert (tmp_path / "out/a-fal").stat().st_ino == stamp
    assert (tmp_path / "out/c-fal/app.py").exists()
    (folder / "c/behave").write_text("kill")
    assert batch(folder, tmp_path / "out", resume=True)["exit_code"] == 0
    (folder / "a/behave").unlink()
    (folder / "c/behave").unlink()
    refused = batch(folder, tmp_path / "out")
    assert {status for _, status, _ in names(refused)} == {"crashed"}


def test_resume_needs_an_output(tmp_path: Path, discovery: object) -> None:
    with pytest.raises(UsageError, match="--resume needs --output"):
        batch(corpus(tmp_path, a=""), None, resume=True)


def test_a_path_that_cannot_be_searched_is_one_result(tmp_path: Path, discovery: Callable[[Callable[[Path], list[Unit]]], None]) -> None:
    def search(path: Path) -> list[Unit]:
        if path.name == "missing":
            raise Unreadable("does not exist.", file=str(path))
        if path.name == "bug":
            raise RecursionError("deep")
        return [Unit(path / "a")]

    discovery(search)
    folder = corpus(tmp_path, a="")
    request = BatchRequest((folder, tmp_path / "missing", tmp_path / "bug"), tmp_path / "out")
    made_batch = run_batch(request, jobs.convert)
    assert names(made_batch) == [("a", "converted", 0), ("missing", "unreadable", 5), ("bug", "crashed", 70)]
    assert made_batch["exit_code"] == 70


@pytest.mark.usefixtures("discovery")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_reports_what_it_has(tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(journal: Journal, job: Job, result: Document) -> None:
        recorded(journal, job, result)
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()

    recorded = Journal.add
    monkeypatch.setattr(Journal, "add", add)
    made_batch = batch(corpus(tmp_path, a="", b="hang"), tmp_path / "out")
    assert names(made_batch) == [("a", "converted", 0), ("b", "interrupted", 130)]
    assert made_batch["exit_code"] == 130


@pytest.mark.usefixtures("discovery")
def test_an_interrupt_that_python_drops_ends_the_batch_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(journal: Journal, job: Job, result: Document) -> None:
        recorded(journal, job, result)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    recorded = Journal.add
    monkeypatch.setattr(Journal, "add", add)
    made_batch = batch(corpus(tmp_path, a="", b="hang"), tmp_path / "out")
    assert names(made_batch) == [("a", "converted", 0), ("b", "interrupted", 130)]


def test_no_project_at_all_is_no_error(tmp_path: Path, discovery: object) -> None:
    assert run_batch(BatchRequest(()))["exit_code"] == 0


# Names of outputs


def outputs(tmp_path: Path, paths: list[str], units: dict[str, list[tuple[str, str]]], output: str | None) -> Iterator[str]:
    for path in units:
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
    for job in planned([tmp_path / path for path in paths], tmp_path / output if output else None).jobs:
        yield job.output.relative_to(tmp_path).as_posix()


@pytest.mark.parametrize(
    ("paths", "units", "output", "expected"),
    [
        pytest.param(["a"], {"a": [(".", "h.py")]}, None, ["a-fal"], id="a project stands beside its source"),
        pytest.param(
            ["a"],
            {"a": [("x", "h.py"), ("y/z", "h.py")]},
            None,
            ["a-fal/x-fal", "a-fal/y/z-fal"],
            id="projects below a path share a folder",
        ),
        pytest.param(["a"], {"a": [(".", "h.py")]}, "out", ["out/a-fal"], id="a project in an output is named after its path"),
        pytest.param(["a"], {"a": [("x", "h.py"), ("y/z", "h.py")]}, "out", ["out/x-fal", "out/y/z-fal"], id="slashes are kept"),
        pytest.param(
            ["a", "b"],
            {"a": [("x", "h.py")], "b": [("x", "h.py")]},
            "out",
            ["out/a/x-fal", "out/b/x-fal"],
            id="several paths have a folder each",
        ),
        pytest.param(
            ["p/a", "q/a"],
            {"p/a": [(".", "h.py")], "q/a": [(".", "h.py")]},
            "out",
            ["out/a-fal", "out/a-fal-2"],
            id="equal names are numbered",
        ),
        pytest.param(
            ["a"],
            {"a": [("x", "h.py"), ("x", "sub/w.py")]},
            "out",
            ["out/x/h-fal", "out/x/sub/w-fal"],
            id="units of one folder are named after their entries",
        ),
        pytest.param(
            ["a"], {"a": [("x", "h.py"), ("x-fal/y", "h.py")]}, "out", ["out/x-fal", "out/x-fal--y-fal"], id="no output lies in another"
        ),
        pytest.param(
            ["a"], {"a": [("x-fal/y", "h.py"), ("x", "h.py")]}, "out", ["out/x-fal/y-fal", "out/x-fal-2"], id="nor the other way round"
        ),
        pytest.param(["a"], {"a": [(".", "h.py"), ("x", "h.py")]}, None, ["a-fal", "a-fal--x-fal"], id="a project within a project"),
        pytest.param(
            ["a"], {"a": [("X", "h.py"), ("x", "h.py")]}, "out", ["out/X-fal", "out/x-fal-2"], id="names that differ by case only"
        ),
        pytest.param(
            ["a"], {"a": [("x", "h.py"), ("out/x-fal", "h.py")]}, "a/out", ["a/out/x-fal"], id="outputs of an earlier run are no projects"
        ),
        pytest.param(["a"], {"a": []}, "out", ["out/a-fal"], id="a path without a unit is one job"),
    ],
)
def test_outputs_are_named_after_their_sources(
    tmp_path: Path,
    discovery: Callable[[Callable[[Path], list[Unit]]], None],
    paths: list[str],
    units: dict[str, list[tuple[str, str]]],
    output: str | None,
    expected: list[str],
) -> None:
    discovery(lambda path: [Unit(path / root, entry) for root, entry in units[path.relative_to(tmp_path).as_posix()]])
    assert list(outputs(tmp_path, paths, units, output)) == expected


# Reports


@pytest.mark.usefixtures("discovery")
def test_every_format_reports_every_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_batch = batch(corpus(tmp_path, a="", b="raise"), tmp_path / "out")
    print_batch(made_batch, "text")
    text = capsys.readouterr().out
    assert "1 converted, 1 crashed" in text
    assert "KeyError" in text
    print_batch(made_batch, "json")
    assert json.loads(capsys.readouterr().out) == made_batch
    assert markdown.render_batch(made_batch).count("| converted |") == 1
    assert "::error" in github.render_batch(made_batch)


@pytest.mark.usefixtures("discovery")
@pytest.mark.parametrize("format", ["text", "json", "markdown", "github", "sarif", "junit"])
def test_apps_of_one_name_in_several_projects_are_told(tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [made.source(tmp_path / folder, "worker") for folder in ("one", "two")]
    made_batch = run_batch(BatchRequest((tmp_path / "one", tmp_path / "two", made.source(tmp_path, "other"))))
    assert [found["name"] for found in made_batch["same_names"]] == ["worker"]
    assert len(made_batch["same_names"][0]["projects"]) == len(folders)
    print_batch(made_batch, format)
    shown = " ".join(capsys.readouterr().out.split())
    assert '"same_names": [ {' in shown if format == "json" else "2 projects have an app worker: in one account" in shown
