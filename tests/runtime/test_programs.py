"""Which apps a path names, where no table names them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from fal_runtime import programs
from fal_runtime.environments import not_installed
from fal_runtime.errors import UnreadableProject
from fal_runtime.project import find

APP = "import fal\nclass Demo(fal.App):\n    pass\n"


@pytest.mark.parametrize(
    ("text", "apps"),
    [
        (APP, ["Demo"]),
        ("from fal import App\nclass Demo(App, name='x'):\n    pass\n", ["Demo"]),
        ("from fal import App as Base\nclass Demo(Base):\n    pass\n", ["Demo"]),
        ("import fal as f\n@f.function(machine_type='S')\ndef work():\n    pass\n", ["work"]),
        ("import fal\nclass Common(fal.App):\n    pass\nclass A(Common):\n    pass\nclass B(Common):\n    pass\n", ["A", "B"]),
        ("import other as fal2\nclass App:\n    pass\nclass Demo(App):\n    pass\n", []),
        ("from flask import App\nimport fal\nclass Demo(App):\n    pass\n", []),
        ("import fal\ndef broken(:\n", []),
        ("# fal\n" + "(" * 100_000, []),
    ],
)
def test_apps_of_a_file(tmp_path: Path, text: str, apps: list[str]) -> None:
    (tmp_path / "app.py").write_text(text)
    assert programs.in_file(tmp_path / "app.py") == apps


def write(root: Path) -> Path:
    for name in ("one.py", "sub/two.py", ".venv/three.py", "tests/four.py", "env/five.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(APP.replace("Demo", Path(name).stem.title()))
    (root / "env" / "pyvenv.cfg").touch()
    return root


def test_a_folder_without_a_table_has_the_apps_of_its_files(tmp_path: Path) -> None:
    assert find(write(tmp_path)).apps == ("one.py::One", "sub/two.py::Two")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert find(tmp_path).apps == ("one.py::One", "sub/two.py::Two")
    (tmp_path / "pyproject.toml").write_text("[tool.fal.apps.one]\nref = 'one.py'\n")
    assert find(tmp_path).apps == ("one",)


def test_a_file_is_named_as_fal_run_takes_it(tmp_path: Path) -> None:
    file = write(tmp_path) / "sub" / "two.py"
    assert (find(file).root, find(file).apps) == (file.parent, ("two.py::Two",))
    assert find(Path(f"{file}::Two")).apps == ("two.py::Two",)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("none.py", "none.py: no such file"),
        ("one.py::Two", "one.py: no app Two; it has One"),
        ("plain.py", "it states no fal.App"),
        ("empty", "nor does a Python file there state"),
        ("nowhere", "nor does a Python file there state"),
    ],
)
def test_a_path_that_names_no_app_is_one_line(tmp_path: Path, path: str, problem: str) -> None:
    write(tmp_path)
    (tmp_path / "plain.py").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableProject, match=problem) as refused:
        find(tmp_path / path)
    assert "\n" not in str(refused.value)


def test_a_file_of_toml_that_is_broken_is_told_and_not_passed_over(tmp_path: Path) -> None:
    (write(tmp_path) / "pyproject.toml").write_text(textwrap.dedent("[tool.fal.apps\n"))
    with pytest.raises(UnreadableProject, match=r"pyproject\.toml: "):
        find(tmp_path)


def test_packages_that_are_not_installed_are_named() -> None:
    layers = [
        ["pytest>=1", "no-such-package==1.0", "--extra-index-url", "https://x", "./local"],
        ["no-such-package", "Other_Missing[x]>2 ; python_version > '3'"],
    ]
    assert not_installed(layers) == ["no-such-package", "Other_Missing"]
    assert not_installed([["absent; python_version < '3'"]]) == []
