"""The programs of an image: its Python under other names, and the commands that the project itself installs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from converters.project import open_project
from converters.verify.servers import programs

PROJECT = """
[project]
name = "a"
[project.scripts]
serve = "a.cli:Server.run"
"../out" = "a.cli:Server.run"
nothing = "a.cli"
[tool.poetry.scripts]
again = "a.cli:again[extra]"
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    source, image = tmp_path / "source", tmp_path / "image"
    (image / "src/a").mkdir(parents=True)
    (image / "src/a/cli.py").write_text(
        "import sys\nclass Server:\n    run = lambda: print('runs', sys.argv[1:])\ndef again():\n    return 7\n"
    )
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "Dockerfile").write_text("FROM python:3.13\n")
    (source / "broken").mkdir()
    (source / "broken/pyproject.toml").write_text("[")
    files = open_project(source).files
    programs.install(
        tmp_path / "programs",
        Path(sys.executable),
        {f"{image}/pyproject.toml": files["pyproject.toml"], "/b/pyproject.toml": files["broken/pyproject.toml"]},
    )
    return f"{tmp_path / 'programs'}{os.pathsep}{os.environ['PATH']}"


def test_a_python_of_any_version_is_ours(path: str) -> None:
    said = subprocess.run(["python3.13", "-c", "import sys; print(sys.executable)"], env={"PATH": path}, capture_output=True, text=True)
    assert said.stdout.strip() == sys.executable


def test_commands_of_the_project(path: str) -> None:
    assert subprocess.run(["serve", "x"], env={"PATH": path}, capture_output=True, text=True).stdout == "runs ['x']\n"
    assert subprocess.run(["again"], env={"PATH": path}).returncode == 7
    assert subprocess.run(["poetry", "install"], env={"PATH": path}).returncode == 0


@pytest.mark.parametrize("command", ["uv run --no-sync --extra gpu serve x", "poetry run serve x", "uv run -- serve x"])
def test_what_runs_a_command_in_an_environment_of_the_project(path: str, command: str) -> None:
    assert subprocess.run(command.split(), env={"PATH": path}, capture_output=True, text=True).stdout == "runs ['x']\n"


def test_where_packages_of_a_project_are_found() -> None:
    files = ["/srv/pyproject.toml", "/srv/src/a/__init__.py", "/opt/b/setup.py", "/opt/c/b.py"]
    assert list(programs.places(files)) == ["/srv", "/srv/src", "/opt/b", "/opt/b/src"]


def test_nothing_else_takes_a_name(path: str) -> None:
    own = {file.name for file in Path(path.partition(os.pathsep)[0]).iterdir() if not file.name.startswith("python")}
    assert own == {"serve", "again", "uv", "poetry", "pipenv", "pdm", "hatch", "rye"}
