"""`--in-place --commit`: one commit for each group of rules, on a clean tree, by whom git is configured for, and nothing of the repository runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.outcome import FileChange, Hunk
from converters.project import open_project
from converters.python.applying import compiles
from converters.reports.json import published_schema
from converters.review.steps import steps

WORKER = """import runpod

MODELS = "/runpod-volume/models"


def handler(job):
    return {"text": MODELS + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""
PERSON = "[user]\nname = Ann\nemail = ann@example.com\n"


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of the person who runs git."""
    config = tmp_path / "gitconfig"
    config.write_text(PERSON)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    return config


def git(root: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, text=True).stdout.rstrip("\n")


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_text(WORKER)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    return root


def migrate(root: Path, *arguments: str) -> int:
    return answer([str(root), "--style", "keep", "--in-place", "--commit", *arguments])


def subjects(root: Path) -> list[str]:
    return git(root, "log", "--reverse", "--format=%s").splitlines()[1:]


def test_each_group_of_rules_is_a_commit_in_which_everything_compiles(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate(worker) == 0
    told = capsys.readouterr().err
    assert subjects(worker) == [f"Migrate to fal: {codes}" for codes in ("FAL001, RP003", "RP002", "RP001", "FS001")]
    assert all(f"committed {id}" in told for id in git(worker, "log", "--format=%h", "--abbrev=10", "-4").splitlines())
    assert git(worker, "status", "--porcelain") == ""
    assert git(worker, "log", "-4", "--format=%an <%ae> %cn").splitlines() == ["Ann <ann@example.com> Ann"] * 4
    for number in range(4):
        for name in git(worker, "ls-tree", "--name-only", f"HEAD~{number}").splitlines():
            assert not name.endswith(".py") or compiles(git(worker, "show", f"HEAD~{number}:{name}"))
    assert git(worker, "diff", "--stat", "HEAD~3", "--", "app.py", "MIGRATION.md") == ""
    assert "- handler.py:3 FS001: RunPod's network volume" in git(worker, "log", "-1", "--format=%b")


def test_what_is_committed_is_what_is_written_without(worker: Path, tmp_path: Path) -> None:
    assert answer([str(worker), "--style", "keep", "-q", "-o", str(tmp_path / "out")]) == 0
    assert migrate(worker, "-q") == 0
    for path in (tmp_path / "out").iterdir():
        assert git(worker, "show", f"HEAD:{path.name}") == path.read_text().rstrip("\n")


def test_the_report_names_the_commits(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate(worker, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(published_schema()).validate(found)
    assert [one["id"] for one in found["commits"]] == git(worker, "log", "--reverse", "--format=%H", "-4").splitlines()
    assert found["commits"][2] == {"id": git(worker, "rev-parse", "HEAD~1"), "subject": "Migrate to fal: RP001", "rules": ["RP001"]}


def test_hooks_are_named_and_not_run(worker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("pre-commit", "commit-msg", "reference-transaction", "post-index-change"):
        hook = worker / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        hook.chmod(0o755)
    assert migrate(worker) == 0
    assert not (tmp_path / "ran").exists()
    assert "not run were the repository's hooks: pre-commit, commit-msg, reference-transaction" in capsys.readouterr().err
    assert len(subjects(worker)) == 4


def test_changes_elsewhere_in_the_repository_stay_as_they_are(tmp_path: Path, worker: Path) -> None:
    inner = worker / "sub"
    inner.mkdir()
    git(worker, "mv", "handler.py", "sub/handler.py")
    (worker / "notes.txt").write_text("one\n")
    git(worker, "add", "-A")
    git(worker, "commit", "-qm", "move")
    (worker / "notes.txt").write_text("two\n")
    git(worker, "add", "notes.txt")
    assert migrate(inner, "-q") == 0
    assert git(worker, "status", "--porcelain") == "M  notes.txt"
    assert "sub/app.py" in git(worker, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert git(worker, "show", "HEAD:notes.txt") == "one"


def test_line_ends_are_stored_as_git_stores_them(worker: Path) -> None:
    git(worker, "config", "core.autocrlf", "true")
    (worker / "handler.py").write_bytes(WORKER.replace("\n", "\r\n").encode())
    assert git(worker, "status", "--porcelain") in ("", " M handler.py")
    git(worker, "add", "--renormalize", ".")
    assert migrate(worker, "-q") == 0
    assert b"\r\n" in (worker / "handler.py").read_bytes()
    assert git(worker, "diff", "--numstat", "HEAD~4", "HEAD", "--", "handler.py") == "1\t6\thandler.py"
    assert git(worker, "status", "--porcelain") == ""


def refused(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a refusal says; nothing was written and nothing committed."""
    before = (git(root, "rev-parse", "--all"), sorted(path.name for path in root.iterdir()), (root / "handler.py").read_bytes())
    assert migrate(root, *arguments) == 2
    assert before == (git(root, "rev-parse", "--all"), sorted(path.name for path in root.iterdir()), (root / "handler.py").read_bytes())
    return capsys.readouterr().err


def test_a_dirty_tree_is_refused(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / "other.txt").write_text("x")
    assert "needs a clean git tree" in refused(worker, capsys)


def test_a_person_whom_git_does_not_know_is_refused(worker: Path, person: Path, capsys: pytest.CaptureFixture[str]) -> None:
    person.write_text("[user]\nuseConfigOnly = true\n")
    assert "needs an author, and git knows none" in refused(worker, capsys)


def test_a_file_that_git_ignores_is_refused(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / ".gitignore").write_text("app.py\n")
    git(worker, "add", "-A")
    git(worker, "commit", "-qm", "ignore")
    assert "app.py: is ignored by git" in refused(worker, capsys)


def test_a_file_with_a_filter_is_refused(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / ".gitattributes").write_text("*.py filter=large\n")
    git(worker, "add", "-A")
    git(worker, "commit", "-qm", "attributes")
    assert "has the filter large in git" in refused(worker, capsys)


def test_a_merge_that_is_under_way_is_refused(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / ".git/MERGE_HEAD").write_text(git(worker, "rev-parse", "HEAD") + "\n")
    assert "in the middle of something: git has MERGE_HEAD" in refused(worker, capsys)


def test_a_repository_without_a_commit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "new"
    root.mkdir()
    git(root, "init", "-q")
    (root / ".git/info/exclude").write_text("handler.py\n")
    (root / "handler.py").write_text(WORKER)
    assert answer([str(root), "--style", "native", "--in-place", "--commit"]) == 2
    assert "has no commit yet" in capsys.readouterr().err
    assert sorted(path.name for path in root.iterdir()) == [".git", "handler.py"]


@pytest.mark.parametrize("arguments", [["--commit"], ["--commit", "--in-place", "--diff"]])
def test_there_must_be_something_to_commit(worker: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert answer([str(worker), *arguments]) == 2
    assert "--commit commits what --in-place writes" in capsys.readouterr().err


def test_rules_that_only_hold_together_are_one_step(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    old = "import sdk\nx = 1\ny = 2\nsdk.run(x)\n"
    new = "import fal\nx = 1\ny = 2\nfal.run(x)\n"
    hunks = (Hunk(1, 1, "RP003", "import", "a.py:1"), Hunk(4, 4, "RP001", "call", "a.py:4"))
    change = FileChange("a.py", "modified", new.encode(), old.encode(), hunks=hunks)
    added = FileChange("b.py", "added", b"x = 1\n", hunks=(Hunk(1, 1, "FAL001", "new"),))
    (first, second) = steps([change, added], open_project(tmp_path))
    assert (first.rules, set(first.files)) == (("FAL001",), {"b.py"})
    assert (second.rules, second.files["a.py"].data) == (("RP001", "RP003"), new.encode())


def test_a_review_can_be_committed(worker: Path, tmp_path: Path) -> None:
    from converters.convert import convert
    from converters.options import Options
    from converters.outcome import Converted
    from converters.review.proposals import proposals

    plain = convert(worker, Options(style="keep", in_place=True))
    assert isinstance(plain, Converted)
    answers = [{"id": one.id, "decision": "reject" if "FS001" in one.rules else "accept"} for one in proposals(plain.files)]
    (tmp_path / "plan.json").write_text(json.dumps({"version": 1, "answers": answers}))
    assert migrate(worker, "-q", "--plan", str(tmp_path / "plan.json")) == 3
    assert subjects(worker) == [f"Migrate to fal: {codes}" for codes in ("FAL001, RP003", "RP002", "RP001")]
    assert git(worker, "status", "--porcelain") == ""
