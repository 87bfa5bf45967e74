"""`migrate status OUT`: what changed on which side, before a run brings both together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.commands import status as command
from converters.output import record as records
from converters.output.base import cache_folder
from converters.reports.json import published_schema

WORKER = """import runpod

MODELS = "/runpod-volume/models"


def handler(job):
    return {"text": MODELS + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""
NOTHING: dict[str, list[str]] = {"changed": [], "added": [], "removed": []}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_text(WORKER)
    (root / "words.txt").write_text("one\n")
    assert convert(root) == 0
    return root


def convert(root: Path, *arguments: str) -> int:
    return answer([str(root), "-q", "--style", "keep", *arguments])


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    code = answer(["status", "worker-fal", *arguments, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator(published_schema("status.schema.json")).validate(found)
    assert found["exit_code"] == code
    return found


def test_nothing_changed(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = status(capsys)
    assert (found["exit_code"], found["cause"], found["hands"]) == (0, None, NOTHING)
    assert found["source"] == {"path": str(worker), **NOTHING}
    assert found["next"] == {"generated": NOTHING, "written": [], "removed": [], "merged": [], "conflicts": []}
    assert answer(["status", "worker-fal"]) == 0
    told = capsys.readouterr().out
    assert told.count("nothing changed") == 2 and "next:   a run changes nothing" in told


def test_the_source_changed(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / "handler.py").write_text(WORKER.replace("models", "weights"))
    (worker / "words.txt").unlink()
    (worker / "more.txt").write_text("two\n")
    found = status(capsys)
    assert found["source"] == {"path": str(worker), "changed": ["handler.py"], "added": ["more.txt"], "removed": ["words.txt"]}
    assert (found["exit_code"], found["cause"], found["hands"]) == (1, "source", NOTHING)
    assert found["next"]["generated"]["removed"] == found["next"]["removed"] == ["words.txt"]
    assert {"handler.py", "more.txt"} <= set(found["next"]["written"])


def test_a_change_of_the_source_that_no_output_holds_needs_no_run(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / ".gitignore").write_text("x\n")
    found = status(capsys)
    assert (found["source"]["added"], found["next"]["written"], found["exit_code"]) == ([".gitignore"], [], 0)


def test_hands_changed_the_output(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = worker.with_name("worker-fal")
    (out / "app.py").write_text((out / "app.py").read_text() + "# mine\n")
    (out / "notes.md").write_text("mine\n")
    (out / "words.txt").unlink()
    (out / "__pycache__").mkdir()
    (out / "__pycache__/app.cpython-311.pyc").write_bytes(b"x")
    found = status(capsys)
    assert found["hands"] == {"changed": ["app.py"], "added": ["notes.md"], "removed": ["words.txt"]}
    assert (found["exit_code"], found["cause"], found["source"]["changed"]) == (0, None, [])


def test_the_tool_changed(worker: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from converters.targets import migration

    real = migration.emit
    monkeypatch.setattr(migration, "emit", lambda *arguments: real(*arguments) + "\nMore.\n")
    monkeypatch.setattr(command, "__version__", "99.0")
    found = status(capsys)
    assert (found["exit_code"], found["cause"], found["next"]["written"]) == (1, "tool", ["MIGRATION.md"])
    assert found["tool"] == {"then": records.__version__, "now": "99.0"}
    (worker / "handler.py").write_text(WORKER.replace("models", "weights"))
    assert status(capsys)["cause"] == "source or tool"
    assert answer(["status", "worker-fal"]) == 1
    assert "fal-migrate 99.0 now" in capsys.readouterr().out


def test_both_sides_changed_one_file(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = worker.with_name("worker-fal")
    (worker / "handler.py").write_text(WORKER.replace("models", "weights"))
    (out / "handler.py").write_text((out / "handler.py").read_text() + "\n\n# mine\n")
    found = status(capsys)
    assert (found["next"]["merged"], found["next"]["conflicts"], found["exit_code"]) == (["handler.py"], [], 1)
    (out / "handler.py").write_text((out / "handler.py").read_text().replace("/models", "/ours"))
    found = status(capsys)
    assert found["exit_code"] == 3 and [one["path"] for one in found["next"]["conflicts"]] == ["handler.py"]
    assert answer(["status", "worker-fal"]) == 3
    told = capsys.readouterr().out
    assert "conflict in handler.py: " in told and f"migrate {worker} --style keep --output worker-fal --force" in told


def test_a_status_writes_nothing_and_a_run_does_what_it_says(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = worker.with_name("worker-fal")
    (worker / "handler.py").write_text(WORKER.replace("models", "weights"))
    before = {path: path.read_bytes() for path in worker.parent.rglob("*") if path.is_file()}
    found = status(capsys)
    assert before == {path: path.read_bytes() for path in worker.parent.rglob("*") if path.is_file()}
    held = {path.name: path.read_bytes() for path in out.iterdir()}
    assert convert(worker, "--force") == 0
    changed = [path.name for path in out.iterdir() if held.get(path.name) != path.read_bytes()]
    assert sorted(changed) == found["next"]["written"]
    assert status(capsys)["exit_code"] == 0


def test_an_edited_output_survives_three_runs_with_changes_upstream(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = worker.with_name("worker-fal")
    mine = "\n\ndef health():\n    return True\n"
    (out / "app.py").write_text((out / "app.py").read_text() + mine)
    source = WORKER
    for old, new in (("models", "weights"), ('"text"', '"words"'), ("def handler(job):", "SCALE = 2\n\n\ndef handler(job):")):
        source = source.replace(old, new)
        (worker / "handler.py").write_text(source)
        found = status(capsys)
        assert (found["exit_code"], found["cause"], found["hands"]["changed"]) == (1, "source", ["app.py"])
        assert convert(worker, "--force") == 0
        assert (out / "app.py").read_text().endswith(mine)
        found = status(capsys)
        assert (found["exit_code"], found["hands"]["changed"], found["source"]["changed"]) == (0, ["app.py"], [])
    text = (out / "handler.py").read_text()
    assert "/weights" in text and '"words"' in text and "SCALE = 2" in text


def test_the_options_of_the_run_are_those_of_the_next(worker: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text('{"workersMax": 7}')
    assert convert(worker, "--force", "--set", "keep_alive=77", "--endpoint-config", "e.json", "--skip", "FS001") == 3
    capsys.readouterr()
    found = status(capsys)
    assert (found["exit_code"], found["cause"]) == (0, None)
    assert "--set keep_alive=77" in found["command"] and f"--endpoint-config {tmp_path}/e.json" in found["command"]


def test_a_source_that_moved_is_named(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worker.rename(worker.with_name("moved"))
    assert answer(["status", "worker-fal"]) == 5
    assert "Name the source with --source" in capsys.readouterr().err
    found = status(capsys, "--source", "moved")
    assert found["source"] == {"path": str(worker.with_name("moved")), **NOTHING}


def test_a_source_that_does_not_convert_now_says_why(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / "handler.py").write_text("import runpod\ndef (:\n")
    found = status(capsys)
    assert (found["exit_code"], found["next"]) == (3, None) and "Python" in found["message"]
    assert answer(["status", "worker-fal"]) == 3
    assert "the source does not convert now" in capsys.readouterr().out


@pytest.mark.parametrize(("folder", "code", "said"), [("worker", 2, "something is known"), ("nowhere", 5, "is no folder")])
def test_what_is_no_output_says_so(worker: Path, capsys: pytest.CaptureFixture[str], folder: str, code: int, said: str) -> None:
    assert answer(["status", folder]) == code
    assert said in capsys.readouterr().err


def test_an_output_of_which_little_was_kept_says_so(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for record in cache_folder().rglob("record.json"):
        record.write_text("{}")
    assert answer(["status", "worker-fal"]) == 2
    assert "did not keep what it was made from" in capsys.readouterr().err


def test_callers_have_no_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c/client.py").write_text('import runpod\n\nprint(runpod.Endpoint("abc").run_sync({"input": {}}))\n')
    assert answer(["callers", "c", "--map", "abc=owner/app", "-q"]) in (0, 3)
    assert answer(["status", "c-fal"]) == 2
    assert "is the output of `migrate callers`" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["", "FROM python:3.11\nCMD [\n"])
def test_a_secret_of_the_options_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    root = tmp_path / "server"
    root.mkdir()
    (root / "Dockerfile").write_text(
        'FROM python:3.11\nCOPY main.py .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
    )
    (root / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    assert answer([str(root), "-q", "--set", "health_check=/up?api_key=notreal-4931-abcdef"]) in (0, 3)
    if source:
        (root / "Dockerfile").unlink()
    capsys.readouterr()
    for arguments in ([], ["--format", "json"]):
        assert answer(["status", "server-fal", *arguments]) in (0, 1, 3)
        told = capsys.readouterr()
        assert "notreal-4931" not in told.out + told.err
        assert "health_check" in told.out or not arguments
