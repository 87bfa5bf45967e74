"""A scripted terminal reviews a project: what comes out is what was chosen, and the plan replays it without a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pexpect
import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.reports.json import published_schema

HANDLER = dedent("""
    import runpod

    MODELS = "/runpod-volume/models"


    def handler(job):
        return {"text": MODELS + CACHE + job["input"]["prompt"]}


    CACHE = "/runpod-volume/cache"


    runpod.serverless.start({"handler": handler})
    """).lstrip()
ASKED = r"accept\? .*\] $"
FINAL = r"write it\? .*\] $"


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_text(HANDLER)
    return root


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def editor(folder: Path, *texts: str) -> str:
    """A program that writes these texts, one each time that it is called."""
    program = folder / "editor.py"
    program.write_text(
        "import pathlib, sys\n"
        f"texts = {list(texts)!r}\n"
        "count = pathlib.Path(__file__).with_suffix('.count')\n"
        "number = len(count.read_text()) if count.exists() else 0\n"
        "count.write_text('x' * (number + 1))\n"
        "pathlib.Path(sys.argv[1]).write_text(texts[number])\n"
    )
    return f"{sys.executable} {program}"


class Terminal:
    """`migrate` at a terminal of some columns."""

    def __init__(self, *arguments: object, columns: int = 80, variables: Mapping[str, str] | None = None) -> None:
        environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", **(variables or {})}
        environment.pop("COLUMNS", None)
        program = [sys.executable, "-m", "converters", *map(str, arguments)]
        self.child = pexpect.spawn(
            program[0], program[1:], encoding="utf-8", timeout=30, dimensions=(50, columns), env=environment, echo=False
        )

    def told(self, prompt: str = ASKED) -> str:
        """What is printed up to the next question."""
        self.child.expect(prompt)
        return str(self.child.before).replace("\r\n", "\n")

    def type(self, line: str, prompt: str = ASKED) -> str:
        """Type a line; what is printed then, up to the next question."""
        self.child.sendline(line)
        return self.told(prompt)

    def end(self, line: str) -> tuple[int | None, str]:
        """Type the last line: the exit code, and what is printed."""
        self.child.sendline(line)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus, str(self.child.before).replace("\r\n", "\n")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    answer([*map(str, arguments), "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator(published_schema()).validate(found)
    return found


def test_a_review_comes_out_as_it_was_answered_and_its_plan_replays_it(
    worker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = editor(tmp_path, 'MODELS = "/data/ours"\n', 'MODELS = "/data/ours\n')
    first = Terminal(worker, "--review", "--style", "keep", variables={"VISUAL": typed})
    shown = first.told()
    assert "1/7  handler.py:1" in shown and "\n- import runpod\n" in shown and "RP001" in shown
    assert "RP001 import runpod goes" in first.type("x")
    shown = first.type("y")
    assert '- MODELS = "/runpod-volume/models"\n+ MODELS = "/data/worker/models"\n' in shown
    assert "3/7" in first.type("e")
    assert "2/7" in first.type("u")
    refused = first.type("e")
    assert "refused: handler.py: unterminated string literal" in refused
    assert "the editor failed: nothing is changed" in first.type("e")  # it has no third text
    assert "reject it" in first.type("?")
    assert "3/7" in first.type("n we mount it ourselves")
    code, told = first.end("q")
    assert code == 130 and "2 of 7 decided: 1 accepted, 1 rejected" in told and "Nothing was written" in told
    assert not (tmp_path / "worker-fal").exists()

    typed = editor(tmp_path, 'CACHE = "/data/worker/ours"  # edited\n')
    (tmp_path / "editor.count").unlink()
    second = Terminal(worker, "--review", "--style", "keep", columns=140, variables={"EDITOR": typed, "VISUAL": ""})
    shown = second.told()
    assert "2 of 7 decided: 1 accepted, 1 rejected by the plan" in shown and "3/7  handler.py:10" in shown
    assert (
        '10  CACHE = "/runpod-volume/cache"' in shown
        and 'CACHE = "/data/worker/cache"' in shown.partition("10  CACHE")[2].partition("\n")[0]
    )
    assert "4/7" in second.type("e")
    assert "5/7  app.py:1" in second.type("y")
    assert "6/7  fal-contract.json" in second.type("y")
    assert "7 of 7 decided: 5 accepted, 1 rejected, 1 edited" in second.type("a", FINAL)
    code, told = second.end("y")
    assert code == 3 and "rejected in review (we mount it ourselves)" in " ".join(told.split())

    made = files(tmp_path / "worker-fal")
    expected = HANDLER.replace("import runpod\n\n", "").partition("\n\n\nrunpod")[0] + "\n"
    assert made["handler.py"].decode() == expected.replace('"/runpod-volume/cache"', '"/data/worker/ours"  # edited')
    plan = tmp_path / "worker-fal.plan.json"
    stored = json.loads(plan.read_text())
    Draft202012Validator(published_schema("plan.schema.json")).validate(stored)
    assert [one["decision"] for one in stored["answers"]] == ["accept", "reject", "edit", "accept", "accept", "accept", "accept"]

    replayed = document(capsys, worker, "--style", "keep", "--plan", plan, "-o", tmp_path / "again")
    assert files(tmp_path / "again") == made
    assert (replayed["exit_code"], replayed["status"]) == (3, "partial")
    (left,) = [item for item in replayed["ledger"]["items"] if "rejected in review" in item["message"]]
    assert (left["rule"], left["disposition"], left["file"], left["line"]) == ("FS001", "manual", "handler.py", 3)
    assert "rejected in review" in made["MIGRATION.md"].decode()
    shown = document(capsys, worker, "--style", "keep", "--plan", plan, "--diff")
    assert '+CACHE = "/data/worker/ours"  # edited' in shown["diff"] and "/data/worker/models" not in shown["diff"]
    assert f"--plan {plan}" in shown["findings"][0]["reproduce"]
    assert any("edited it in review" in item["message"] for item in replayed["ledger"]["items"])


def test_a_change_that_is_another_one_now_is_asked_again(worker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plans/one.json"
    first = Terminal(worker, "--review", "--style", "keep", "--plan", plan)
    first.told()
    for _ in range(6):
        first.type("y", f"{ASKED}|{FINAL}")
    first.type("y", FINAL)
    assert first.end("y")[0] == 0
    accepted = files(tmp_path / "worker-fal")
    (worker / "handler.py").write_text(HANDLER.replace("/runpod-volume/cache", "/runpod-volume/kept"))
    assert answer([str(worker), "--style", "keep", "--plan", str(plan), "--force"]) == 2
    told = capsys.readouterr().err
    assert "1 of 7 changes have no answer in the plan: handler.py:10 (FS001)" in told
    assert files(tmp_path / "worker-fal") == accepted
    second = Terminal(worker, "--review", "--style", "keep", "--plan", plan, "--force")
    shown = second.told()
    assert "1 answers of the plan speak of changes that there are no longer" in shown and "3/7  handler.py:10" in shown
    second.type("y", FINAL)
    assert second.end("y")[0] == 0
    assert b"/data/worker/kept" in files(tmp_path / "worker-fal")["handler.py"]


def test_everything_of_a_rule_is_decided_at_once_and_taken_back(worker: Path, tmp_path: Path) -> None:
    terminal = Terminal(worker, "--review", "--style", "keep")
    terminal.told()
    terminal.type("y")
    assert "4/7" in terminal.type("r")
    assert "2/7" in terminal.type("u")
    assert "4/7" in terminal.type("r another disk")
    terminal.type("y")
    terminal.type("y")
    terminal.type("a", FINAL)
    assert "6/7" in terminal.type("u")
    terminal.type("a", FINAL)
    assert terminal.end("y")[0] == 3
    text = (tmp_path / "worker-fal/handler.py").read_text()
    assert text.count("/runpod-volume") == 2 and "import runpod" not in text


def test_answers_that_do_not_go_together_are_asked_again(worker: Path, tmp_path: Path) -> None:
    terminal = Terminal(worker, "--review", "--style", "keep")
    terminal.told()
    for _ in range(3):
        terminal.type("y")
    told = terminal.type("n")  # the start call stays, and its import is gone
    assert "without it, and with what is not decided yet, this does not hold: handler.py" in told and "`runpod`" in told
    terminal.type("y")
    terminal.type("y")
    told = terminal.type("y", ASKED)
    assert "these answers do not go together" in told and "4/7" in told
    terminal.type("y", FINAL)
    assert terminal.end("y")[0] == 0
    assert "runpod" not in (tmp_path / "worker-fal/handler.py").read_text().replace("runpod-volume", "")


def test_the_end_of_the_input_keeps_what_was_answered(worker: Path, tmp_path: Path) -> None:
    terminal = Terminal(worker, "--review")
    terminal.told()
    terminal.type("y")
    terminal.child.sendeof()
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 130
    assert len(json.loads((tmp_path / "worker-fal.plan.json").read_text())["answers"]) == 1


def test_nobody_is_asked_where_nothing_may_be_written(worker: Path, tmp_path: Path) -> None:
    (tmp_path / "worker-fal").mkdir()
    terminal = Terminal(worker, "--review")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 2
    assert "exists already" in str(terminal.child.before)


def test_a_review_writes_into_the_project_where_that_is_asked_for(worker: Path, tmp_path: Path) -> None:
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=worker, check=True)
    terminal = Terminal(worker, "--review", "--style", "keep", "--in-place")
    terminal.told()
    terminal.type("y")
    terminal.type("n")
    for _ in range(4):
        terminal.type("y", f"{ASKED}|{FINAL}")
    terminal.type("y", FINAL)
    assert terminal.end("y")[0] == 3
    text = (worker / "handler.py").read_text()
    assert '"/runpod-volume/models"' in text and '"/data/worker/cache"' in text and "import runpod" not in text
    assert (tmp_path / "worker.plan.json").exists()


def test_a_review_needs_a_terminal(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer([str(worker), "--review"]) == 2
    assert "Replay a plan with --plan FILE" in capsys.readouterr().err
    assert answer([str(worker), "--review", "--diff"]) == 2
    assert "asks before it writes" in capsys.readouterr().err
