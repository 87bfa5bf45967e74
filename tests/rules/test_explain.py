"""`migrate explain` tells a person what a rule does, and what became of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.cli import answer
from converters.rules import all_rules
from converters.rules.samples import WORKER
from tests.rules.projects import write


@pytest.mark.parametrize("code", ["RP007", "rp007"])
def test_a_rule_is_explained_with_its_links(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["explain", code]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("RP007 refresh_worker -> the response header x-fal-stop-runner (safe, rows of fal's guide: RunPod 7)\n\n")
    assert "RunPod: https://docs.runpod.io/" in shown and "fal: https://fal.ai/docs/" in shown
    assert max(len(line) for line in shown.splitlines() if "https" not in line) <= 100


def test_every_rule_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert {answer(["explain", rule.code]) for rule in all_rules()} == {0}
    assert "None" not in capsys.readouterr().out.split("\n")


def test_a_misspelt_code_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["explain", "RP07"]) == 2
    assert "RP007" in capsys.readouterr().err


def test_a_line_is_explained_by_its_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip()})
    assert answer(["explain", f"{root}/handler.py:8"]) == 0
    shown = capsys.readouterr().out
    assert "handler.py:8: converted by RP002 (safe): " in shown and "handler.py:8: converted by RP003 (safe): " in shown
    assert "    On RunPod the call blocks for ever" in shown and "https://fal.ai/docs/" in shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (1, "it is left out of app.py"),
        (2, "between its statements, only comments go along"),
        (4, "it becomes the endpoint of app.py"),
        (5, "it becomes the endpoint of app.py"),
        (8, "it is left out of app.py"),
    ],
)
def test_a_line_of_a_file_that_dissolves_is_not_said_to_be_kept(
    line: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip()})
    assert answer(["explain", f"{root}/handler.py:{line}"]) == 0
    shown = capsys.readouterr().out
    assert said in shown and "kept as it is" not in shown


def test_a_line_is_explained_with_what_the_project_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip(), "pyproject.toml": '[tool.fal-migrate]\nstyle = "keep"\n'})
    assert answer(["explain", f"{root}/handler.py:5"]) == 0
    assert capsys.readouterr().out == "handler.py:5: nothing of the platform stands here; the line is kept as it is.\n"


def test_a_line_that_no_rule_speaks_for_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "import runpod\nfrom tools import shout\n\n\ndef handler(job):\n    return shout(job['input']['text'])\n\n\nrunpod.serverless.start({'handler': handler})\n"
    image = "FROM python:3.11\nWORKDIR /app\nCOPY handler.py tools.py ./\nCMD python handler.py\n"
    root = write(
        tmp_path,
        {"handler.py": text, "tools.py": "def shout(text):\n    return text.upper()\n", "notes.txt": "hello\n", "Dockerfile": image},
    )
    assert answer(["explain", f"{root}/tools.py:2"]) == 0
    assert capsys.readouterr().out == "tools.py:2: nothing of the platform stands here; the line is kept as it is.\n"
    assert answer(["explain", f"{root}/notes.txt:1"]) == 0
    assert capsys.readouterr().out == "notes.txt:1: the file is not part of the output.\n"


@pytest.mark.parametrize(
    ("subject", "code", "said"),
    [
        ("handler.py:0", 2, "no line 0"),
        ("handler.py:99", 2, "has 8 lines, and no line 99"),
        ("handlr.py:1", 5, "handler.py?"),
        ("nowhere/handler.py:1", 5, "does not exist"),
        ("handler.py", 2, "FILE:LINE"),
        (".:1", 2, "is not a file"),
    ],
)
def test_a_line_that_is_not_there_is_an_error(
    subject: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip()})
    monkeypatch.chdir(root)
    assert answer(["explain", subject]) == code
    shown = capsys.readouterr()
    assert said in shown.err and shown.out == ""


def test_the_project_of_a_line_is_the_nearest_folder_that_converts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip(), ".runpod/hub.json": '{\n"title": "worker"\n}'})
    assert answer(["explain", f"{root}/.runpod/hub.json:2"]) == 0
    assert capsys.readouterr().out.startswith(".runpod/hub.json:2: dropped by RP042 (safe): ")


def test_a_line_of_nothing_that_converts_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.py").write_text("print('hello')\n")
    assert answer(["explain", f"{tmp_path}/notes.py:1"]) == 4
    assert "recognised" in capsys.readouterr().err
