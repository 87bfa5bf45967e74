"""`migrate rehearse`: what it refuses, what it prints and writes, and what `--clean` removes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.rehearsal import machinery
from converters.reports.json import published_schema
from tests.rehearsal.engine import LocalEngine
from tests.rehearsal.made import app, project
from tests.reports.test_json import closed


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    """The command on the engine for tests, which reaches nothing."""
    (tmp_path / "engine").mkdir()
    made = LocalEngine(tmp_path / "engine")

    @contextmanager
    def ready(name: str = "", **options: Any) -> Iterator[Any]:
        yield SimpleNamespace(engine=made, outside=None)

    monkeypatch.setattr(machinery, "machinery", ready)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


def test_the_apps_of_a_project_are_rehearsed_and_written_down(
    tmp_path: Path, engine: LocalEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rehearsal.json"
    assert answer(["rehearse", str(app(tmp_path / "out")), "--output", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("upper: answered after ") and "  POST / answered 200\n" in said.out
    document = json.loads(file.read_text())
    assert (document["exit_code"], document["rehearsals"][0]["verdict"]) == (0, "answered")
    assert "a rehearsal runs the project's RUN lines" in said.err


@pytest.mark.parametrize(("slow", "more", "named"), [(0.0, [], True), (0.0, ["--quiet"], False), (60.0, [], False)])
@pytest.mark.whole
def test_a_step_that_takes_long_is_named_where_there_is_no_terminal(
    slow: float, more: list[str], named: bool, tmp_path: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The start of an app takes longer than no time at all."""
    monkeypatch.setattr("converters.commands.rehearse.SLOW", slow)
    assert answer(["rehearse", str(app(tmp_path / "out")), *more]) == 0
    assert ("upper: starting it ..." in capsys.readouterr().err) is named


def test_it_is_told_once_that_the_project_s_code_runs(tmp_path: Path, engine: LocalEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.fails["six==1.16.0"] = ["no"]
    out = str(app(tmp_path / "out"))
    assert answer(["rehearse", out]) == 7
    assert "RUN lines" in capsys.readouterr().err
    assert answer(["rehearse", out, "--format", "json"]) == 7
    said = capsys.readouterr()
    assert said.err == "" and json.loads(said.out)["rehearsals"][0]["failure"]["stage"] == "build"


def test_what_fails_is_a_finding_with_the_traceback_of_the_app(
    tmp_path: Path, engine: LocalEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    out = app(tmp_path / "out", setup="self.suffix = {}['weights']")
    assert answer(["rehearse", str(out), "--seconds", "30", "--format", "json"]) == 7
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(closed(published_schema("rehearsal.schema.json"))).validate(document)
    (finding,) = document["findings"]
    line = (out / "app.py").read_text().splitlines().index("        self.suffix = {}['weights']") + 1
    assert (finding["rule"], finding["file"], finding["line"]) == ("rehearse.start", "app.py", line)
    assert finding["observed"] == document["rehearsals"][0]["failure"]["why"].rstrip(".")
    assert {"text": "self.suffix = {}['weights'] (in setup)", "file": "app.py", "line": line} in finding["evidence"]
    assert shlex.split(finding["reproduce"]) == [
        *("migrate", "rehearse", str(out), "--seconds", "30", "--format", "json", "--app", "upper")
    ]
    assert answer(shlex.split(finding["reproduce"])[1:]) == 7
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["findings"]] == [finding["id"]]


def test_a_file_with_an_app_needs_no_table(tmp_path: Path, engine: LocalEngine, capsys: pytest.CaptureFixture[str]) -> None:
    root = app(tmp_path / "out")
    (root / "pyproject.toml").unlink()
    engine.fails["six==1.16.0"] = ["no such release"]
    for path in (root, root / "app.py", f"{root / 'app.py'}::Upper"):
        assert answer(["rehearse", str(path)]) == 7
        assert "upper: failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], 5, "does not exist."),
        (["empty"], 4, "holds no fal app."),
        (["out", "--app", "lower"], 2, "no [tool.fal.apps.lower]; it has upper"),
        (["out", "--engine", "lxc"], 2, "--engine 'lxc' is not known."),
        (["out", "--base", "acme"], 2, "--base 'acme' is not of the form IMAGE=FOLDER|SUITE."),
        (["out", "--output", "empty"], 2, "cannot be written"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    app(tmp_path / "out")
    project(tmp_path / "empty", {"README.md": "nothing\n"})
    if "--output" in arguments:
        monkeypatch.setattr("converters.commands.rehearse.rehearsed", lambda request: [])
    assert answer(["rehearse", *arguments]) == code
    assert said in capsys.readouterr().err


def test_clean_removes_what_rehearsals_stored_and_nothing_else(tmp_path: Path) -> None:
    for name in machinery.STORED:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "mine").mkdir()
    assert answer(["rehearse", str(tmp_path), "--clean", "--cache", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    (tmp_path / "mine").rmdir()
    (tmp_path / "engine").mkdir()
    assert answer(["rehearse", str(tmp_path), "--clean", "--cache", str(tmp_path)]) == 0
    assert not tmp_path.exists()
