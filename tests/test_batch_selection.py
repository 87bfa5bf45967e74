"""Which projects a batch converts, with which settings, and that nothing below its paths is passed over in silence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from converters.batch.endpoints import endpoint_configs
from converters.batch.plan import Job, planned
from converters.batch.remainder import NO_PROGRAM, remainder
from converters.batch.selection import Changes, listed
from converters.batch.workers import Workers
from converters.cli import answer
from converters.errors import UsageError
from converters.reports import print_batch
from converters.reports.json import failure
from tests import jobs, made


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


# Project lists


def test_a_list_is_read_from_its_own_folder(tmp_path: Path) -> None:
    for name in ("a", "b c"):
        (tmp_path / name).mkdir()
    file = tmp_path / "list.txt"
    file.write_text("# ours\na\n\n  b c  \n")
    assert listed(file) == [tmp_path / "a", tmp_path / "b c"]


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [(b"a\nno\n", 2, "no does not exist"), (b"# nothing\n", 0, "names no path"), (b"\xff", 0, "it is not UTF-8 text")],
)
def test_a_list_that_is_wrong_is_refused_with_its_line(tmp_path: Path, data: bytes, line: int, message: str) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "list.txt"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=message) as refused:
        listed(file)
    assert (refused.value.file, refused.value.line) == (str(file), line)


def test_a_batch_without_any_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["batch"]) == 2
    assert "--projects FILE" in capsys.readouterr().err


# Changes since a commit


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Projects that are the same, committed since, edited, extended, emptied, since the tag `before`."""
    top = tmp_path_factory.mktemp("repository")
    for name in ("same", "committed", "edited", "extended", "emptied", "same-but-longer"):
        made.source(top / "p", name)
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "one")
    git(top, "tag", "before")
    (top / "p/committed/new.py").write_text("")
    git(top, "add", ".")
    git(top, "commit", "-qm", "two")
    (top / "p/edited/handler.py").write_text("changed = 1\n")
    (top / "p/extended/é.py").write_text("")
    (top / "p/emptied/data/start.sh").unlink()
    return top


def test_a_project_is_touched_by_what_is_committed_edited_new_or_gone(repository: Path) -> None:
    changes = Changes("before")
    touched = {path.name for path in (repository / "p").iterdir() if changes.touch(path)}
    assert touched == {"committed", "edited", "extended", "emptied"}
    assert changes.touch(repository / "p/same", [repository / "p/edited/handler.py"])


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", ""])
def test_a_commit_that_is_not_there_is_refused(repository: Path, ref: str) -> None:
    with pytest.raises(UsageError, match="there is no commit"):
        Changes(ref).touch(repository / "p/same")
    assert not (repository / "x").exists()


def test_a_folder_outside_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is in no git repository"):
        Changes("HEAD").touch(made.source(tmp_path))


# Settings of endpoints


def test_an_endpoint_belongs_to_its_path_or_to_the_only_project_of_its_name(tmp_path: Path) -> None:
    for name in ("one/worker", "two/worker", "alone"):
        made.source(tmp_path / "p" / name)
    folder = tmp_path / "endpoints"
    for name in ("one/worker-1/worker", "worker", "worker-1", "worker-2"):
        (folder / f"{name}.json").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text("{}")
    plan = [Job(tmp_path / place, "", tmp_path, inside=place) for place in ("one/worker", "two/worker", "deep/alone")]
    (folder / "two").mkdir()
    (folder / "two/worker.json").write_text("{}")
    (folder / "alone.json").write_text("{}")
    found = endpoint_configs(folder, plan)
    assert {number: path.relative_to(folder).as_posix() for number, path in found.of.items()} == {1: "two/worker.json", 2: "alone.json"}
    assert folder / "worker.json" in found.unused  # two projects are called so
    assert len(found.unused) == 4


def test_a_folder_of_endpoints_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        endpoint_configs(tmp_path / "none", [])


# What belongs to no project


def test_what_belongs_to_no_project_is_told_once_at_its_top(tmp_path: Path) -> None:
    for name in ("team/worker/src", "notes/deep/deeper", "team/docs", ".git/objects"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "README.md").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "team")
    found = {path.relative_to(tmp_path).as_posix(): why for path, why in remainder(tmp_path, [tmp_path / "team/worker"])}
    assert found == dict.fromkeys(("README.md", "link", "notes", "team/docs"), NO_PROGRAM)
    assert list(remainder(tmp_path, [tmp_path])) == []


def test_a_plan_accounts_for_everything_below_its_path(tmp_path: Path) -> None:
    made.source(tmp_path / "top", "worker")
    (tmp_path / "top/notes").mkdir()
    (tmp_path / "top/out").mkdir()
    plan = planned([tmp_path / "top"], tmp_path / "top/out")
    assert [job.inside for job in plan.jobs] == ["worker"]
    assert plan.left_out == [(tmp_path / "top/notes", NO_PROGRAM)]


# Memory


@pytest.mark.whole
def test_a_project_that_eats_memory_is_stopped_and_the_others_are_not() -> None:
    ends = {ended.number: ended for ended in Workers(jobs.act, 2, 60.0, memory=2**30).run(["eat", "well"])}
    assert ends[0].problem == "needed more memory than 1024 MB and was stopped."
    assert ends[1].answer == {"said": "well"}


# Reports


def test_a_summary_names_file_and_line_of_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.source(tmp_path / "top", "worker")
    answer(["batch", str(tmp_path / "top"), "--check"])
    shown = capsys.readouterr().out
    assert "worker (handler.py): 2 left to do\n  Dockerfile:1 DK017 (code)  " in shown
    assert "\n  handler.py:1 RP050 (deploy)  " in shown


@pytest.mark.parametrize("format", ["text", "markdown", "github"])
def test_a_summary_names_what_is_not_equivalent(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = ("equivalent", "different", "not proven")
    result = failure(Path("top/worker"), "converted", "", 6)
    result["certificates"] = [{"app": name[:3], "verdict": name} for name in verdicts]
    print_batch({"results": [result], "counts": {"converted": 1}, "same_names": [], "left_out": []}, format)
    shown = capsys.readouterr().out
    assert "verified: 1 different, 1 equivalent, 1 not proven" in shown
    assert "top/worker: dif different" in shown
    assert "top/worker: not not proven" in shown
    assert "equ equivalent" not in shown
    assert ("::error" in shown) is (format == "github")


def test_a_batch_shows_the_diff_of_each_project_and_writes_nothing(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in ("a", "b"):
        made.source(tmp_path / "top", name)
    assert answer(["batch", str(tmp_path / "top"), "--diff"]) == 3
    shown = capsysbinary.readouterr().out
    assert [line.rpartition(b"/")[2] for line in shown.splitlines() if line.endswith((b"top/a", b"top/b"))] == [b"a", b"b"]
    assert shown.count(b"+++ b/pyproject.toml") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["top"]
