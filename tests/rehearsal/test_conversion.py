"""`migrate PATH --rehearse` and `migrate batch --rehearse`: the rehearsal of what was written, with lines of the source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.commands import rehearse
from converters.rehearsal.origin import origin
from converters.rehearsal.result import Failure, Place, Rehearsal
from converters.reports import print_batch
from converters.reports.json import published_schema
from converters.verify.certificate import Certificate

HANDLER = """
import runpod

def handler(job):
    return {"text": job["input"]["text"].upper()}

runpod.serverless.start({"handler": handler})
"""


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    project = tmp_path / "worker"
    project.mkdir()
    (project / "handler.py").write_text(HANDLER)
    (project / "Dockerfile").write_text('FROM python:3.11-slim\nRUN pip install runpod\nCOPY handler.py /\nCMD ["python", "/handler.py"]\n')
    return project


def rehearsals(monkeypatch: pytest.MonkeyPatch, failure: Failure | None) -> list[Path]:
    """Let every rehearsal end so; the paths that were rehearsed."""
    paths: list[Path] = []

    def rehearsed(request: rehearse.Request) -> list[Rehearsal]:
        paths.append(request.path)
        assert (request.path / "pyproject.toml").is_file()
        return [Rehearsal(app="worker", kind="requirements", reached="answered" if failure is None else "built", failure=failure)]

    monkeypatch.setattr(rehearse, "rehearsed", rehearsed)
    return paths


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_conversion_that_rehearses_tells_how_far_its_app_came(
    worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = rehearsals(monkeypatch, None)
    plain = answer([str(worker), "--output", str(tmp_path / "plain"), "--format", "json"])
    without = told(capsys)
    assert answer([str(worker), "--output", str(tmp_path / "out"), "--format", "json", "--rehearse"]) == plain
    made = told(capsys)
    Draft202012Validator(published_schema()).validate(made)
    assert paths == [tmp_path / "out"] and "rehearsals" not in without
    assert [(one["app"], one["verdict"]) for one in made["rehearsals"]] == [("worker", "answered")]


def test_a_rehearsal_that_fails_is_exit_7(
    worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearsals(monkeypatch, Failure(stage="start", what="setup()", why="it ended", place=Place(file="app.py", line=3)))
    assert answer([str(worker), "--output", str(tmp_path / "out"), "--rehearse"]) == 7
    assert "worker: failed\n  app.py:3: it ended\n" in capsys.readouterr().out
    assert answer([str(worker), "--output", str(tmp_path / "again"), "--rehearse", "--format", "json"]) == 7
    assert told(capsys)["exit_code"] == 7


def test_the_certificate_names_the_rehearsal_of_its_app(
    worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Certificate(
        app="worker", platform="runpod", source="a", target="b", verdict="equivalent", why="alike", seed=0, versions={}, doubles=[]
    )
    monkeypatch.setattr("converters.commands.verify.certified", lambda *_: [one, one.model_copy(update={"app": "another"})])
    monkeypatch.setattr("converters.commands.verify.must_be_verifiable", lambda *_, **__: None)
    rehearsals(monkeypatch, Failure(stage="start", what="setup()", why="it ended", place=Place(file="app.py", line=3)))
    arguments = [str(worker), "--output", str(tmp_path / "out"), "--verify", "--rehearse"]
    assert answer([*arguments, "--format", "json"]) == 7
    made = told(capsys)
    Draft202012Validator(published_schema()).validate(made)
    assert [each["rehearsal"] for each in made["certificates"]] == [{"verdict": "failed", "why": "it ended", "place": "app.py:3"}, None]
    assert answer([*arguments, "--force"]) == 7
    assert "  rehearsed: failed: app.py:3: it ended\n" in capsys.readouterr().out


def test_no_rehearsal_where_nothing_is_written(worker: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    paths = rehearsals(monkeypatch, None)
    assert answer([str(worker), "--check", "--rehearse"]) == 2
    assert paths == [] and "--rehearse builds what was written." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("format", "line"),
    [
        ("text", "{}: worker failed: app.py:3: it ended"),
        ("markdown", "- {}: worker failed: app.py:3: it ended"),
        ("github", "::error title=fal-migrate%3A rehearsal::{}: worker failed: app.py:3: it ended"),
    ],
)
def test_a_batch_says_which_rehearsals_failed(
    format: str, line: str, worker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each project has a process of its own, which no double of this one reaches: what they come to is stated."""
    place = {"file": "app.py", "line": 3}
    failed = {"app": "worker", "verdict": "failed", "skipped": "", "failure": {"why": "it ended", "place": place, "source": None}}
    answered = {"app": "other", "verdict": "answered", "skipped": "", "failure": None}
    assert answer([str(worker), "--output", str(tmp_path / "out"), "--format", "json"]) == 0
    result = {**told(capsys), "rehearsals": [failed, answered]}
    monkeypatch.setattr("converters.reports.json.near", lambda path: Path(path).name)
    print_batch({"results": [result], "counts": {"converted": 1}, "same_names": [], "left_out": []}, format)
    said = capsys.readouterr()
    assert line.format("worker") in said.out + said.err
    assert "rehearsed: 1 answered, 1 failed" in said.out + said.err
    print_batch({"results": [{**result, "rehearsals": []}], "counts": {}, "same_names": [], "left_out": []}, format)
    assert "ehears" not in "".join(capsys.readouterr())


DOCUMENT = {
    "files": [
        {"path": "Dockerfile", "action": "modified"},
        {"path": "model.py", "action": "copied"},
        {"path": "app.py", "action": "added"},
    ],
    "ledger": {
        "items": [
            {"file": "Dockerfile.gpu", "line": 7, "output": {"file": "Dockerfile", "line": 4}},
            {"file": "handler.py", "line": 12, "output": None},
        ]
    },
}


@pytest.mark.parametrize(
    ("place", "source"),
    [
        (Place(file="Dockerfile", line=4), Place(file="Dockerfile.gpu", line=7)),
        (Place(file="model.py", line=31), Place(file="model.py", line=31)),
        (Place(file="Dockerfile", line=5), None),
        (Place(file="app.py", line=12), None),
    ],
)
def test_a_line_of_the_output_leads_to_one_of_the_source_where_the_account_says_so(place: Place, source: Place | None) -> None:
    assert origin(place, DOCUMENT) == source
