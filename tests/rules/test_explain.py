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


def test_a_line_that_no_rule_speaks_for_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip()})
    assert answer(["explain", f"{root}/handler.py:5"]) == 0
    assert capsys.readouterr().out == "handler.py:5: nothing of the platform stands here; the line is kept as it is.\n"


def test_the_project_of_a_line_is_the_nearest_folder_that_converts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(tmp_path, {"handler.py": WORKER.lstrip(), ".runpod/hub.json": '{\n"title": "worker"\n}'})
    assert answer(["explain", f"{root}/.runpod/hub.json:2"]) == 0
    assert capsys.readouterr().out.startswith(".runpod/hub.json:2: dropped by RP042 (safe): ")


def test_a_line_of_nothing_that_converts_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.py").write_text("print('hello')\n")
    assert answer(["explain", f"{tmp_path}/notes.py:1"]) == 4
    assert "recognised" in capsys.readouterr().err
