"""Asking git about a tree runs nothing that the tree's own configuration names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from converters.cli import answer
from converters.output import git

WORKER = "import runpod\n\n\ndef handler(job):\n    return {'n': job['input']['n']}\n\n\nrunpod.serverless.start({'handler': handler})\n"
QUIET = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run_git(folder: Path, *command: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *command], cwd=folder, check=True, env=QUIET, capture_output=True)


def repository(folder: Path) -> Path:
    folder.mkdir()
    (folder / "handler.py").write_text(WORKER)
    run_git(folder, "init", "-q")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "start")
    return folder


def script(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """(program, file that it makes when it runs)."""
    mark, program = tmp_path / f"{name}-ran", tmp_path / name
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    return program, mark


def a_filter(root: Path, program: Path, key: str = "clean", name: str = "evil") -> None:
    (root / ".git/info/attributes").parent.mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text(f"* filter={name}\n")
    run_git(root, "config", f"filter.{name}.{key}", str(program))


def an_included_filter(root: Path, program: Path) -> None:
    a_filter(root, program)
    run_git(root, "config", "--unset", "filter.evil.clean")
    (root / ".git/more").write_text(f'[filter "evil"]\n\tclean = {program}\n')
    run_git(root, "config", "include.path", "more")


def a_required_filter(root: Path, program: Path) -> None:
    a_filter(root, program)
    run_git(root, "config", "filter.evil.required", "true")


def a_hook(root: Path, program: Path) -> None:
    (root / ".git/hooks").mkdir(exist_ok=True)
    (root / ".git/hooks/post-index-change").symlink_to(program)


def a_hooks_folder(root: Path, program: Path) -> None:
    (root / ".git/mine").mkdir()
    (root / ".git/mine/post-index-change").symlink_to(program)
    run_git(root, "config", "core.hooksPath", ".git/mine")


def a_submodule(root: Path, program: Path) -> None:
    inner = repository(root.parent / "inner")
    run_git(root, "submodule", "add", "-q", str(inner), "part")
    run_git(root, "commit", "-qm", "part")
    run_git(root / "part", "config", "filter.evil.clean", str(program))
    attributes = root / ".git/modules/part/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* filter=evil\n")
    os.utime(root / "part/handler.py", (1, 1))


ATTEMPTS = [
    pytest.param(a_filter, id="a filter"),
    pytest.param(lambda root, program: a_filter(root, program, name="a=b.c"), id="a filter of an odd name"),
    pytest.param(an_included_filter, id="a filter in an included file"),
    pytest.param(a_required_filter, id="a filter that must not fail"),
    pytest.param(lambda root, program: run_git(root, "config", "core.fsmonitor", str(program)), id="a file-system monitor"),
    pytest.param(a_hook, id="a hook"),
    pytest.param(a_hooks_folder, id="a folder of hooks"),
    pytest.param(a_submodule, id="a filter of a submodule"),
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_program_of_the_project_runs(tmp_path: Path, attempt: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = repository(tmp_path / "worker")
    program, mark = script(tmp_path, "program")
    attempt(root, program)  # type: ignore[operator]
    os.utime(root / "handler.py", (1, 1))  # git must look into the file
    code = answer([str(root), "--in-place", "--quiet"])
    assert not mark.exists()
    assert code in (0, 2, 3)
    assert (root / "app.py").exists() == (code != 2)
    for path in ("app.py", "MIGRATION.md", "pyproject.toml"):
        (root / path).unlink(missing_ok=True)
    os.utime(root / "handler.py", (2, 2))
    subprocess.run(["git", "status"], cwd=root, env=QUIET, capture_output=True, check=False)
    assert mark.exists(), "plain git does not run it either: the attempt is none"


def test_a_process_filter_does_not_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "worker")
    program, mark = script(tmp_path, "program")
    a_filter(root, program, key="process")
    os.utime(root / "handler.py", (1, 1))
    assert git.state(root) == git.State(filtered=True)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda root: None, (), id="a clean tree"),
        pytest.param(lambda root: (root / "handler.py").write_text("x"), (" M handler.py",), id="a changed file"),
        pytest.param(lambda root: (root / "new").write_text("x"), ("?? new",), id="a new file"),
        pytest.param(lambda root: os.utime(root / "handler.py", (1, 1)), (), id="a file that was only touched"),
    ],
)
def test_what_is_not_committed(tmp_path: Path, change: object, expected: tuple[str, ...]) -> None:
    root = repository(tmp_path / "worker")
    change(root)  # type: ignore[operator]
    assert git.state(root).changes == expected


def test_a_folder_below_the_tree_is_told_alone(tmp_path: Path) -> None:
    root = repository(tmp_path / "worker")
    (root / "one").mkdir()
    (root / "two").mkdir()
    (root / "two/new").write_text("x")
    assert git.state(root / "one") == git.State()
    assert git.state(root / "two").changes == ("?? ./",) or git.state(root / "two").changes == ("?? two/",)


def test_a_tree_that_lies_elsewhere_is_a_problem(tmp_path: Path) -> None:
    root = repository(tmp_path / "worker")
    (tmp_path / "elsewhere").mkdir()
    run_git(root, "config", "core.worktree", str(tmp_path / "elsewhere"))
    assert git.state(root).problem


def test_variables_that_lead_git_elsewhere_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, other = repository(tmp_path / "worker"), repository(tmp_path / "other")
    (root / "new").write_text("x")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert git.state(root).changes == ("?? new",)


def test_a_file_of_a_submodule_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "outer"
    root.mkdir()
    run_git(root, "init", "-q")
    inner = repository(tmp_path / "inner")
    run_git(root, "submodule", "add", "-q", str(inner), "part")
    run_git(root, "commit", "-qm", "part")
    assert answer([str(root), "--in-place", "--quiet"]) == 2
    assert "belongs to the git repository of part" in capsys.readouterr().err
    assert (root / "part/handler.py").read_text() == WORKER
