"""The generated class hides nothing of its file, whatever the project is called."""

from __future__ import annotations

import ast
import builtins
import keyword
import os
import re
from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from converters.targets import imports
from converters.targets.class_names import names_beside
from tests.test_overrides import PROJECTS
from tests.warm import Warm

FORMS = [("runpod", "app"), ("replicate", "app"), ("docker", "app"), ("docker", "function")]
IMPORTED = sorted(name for table in (imports.FROM_STANDARD, imports.FROM_THIRD) for _, names in table for name in names)
RESERVED = sorted({name for name in (*keyword.kwlist, *dir(builtins)) if name[0].isupper() and not name.endswith(("Error", "Warning"))})
OWN = [
    "input",
    "output",
    "request",
    "response",
    "media",
    "command",
    "here",
    "number",
    "to-int",
    "fal",
    "run-server",
    "self",
    "setup",
    "app",
]
ORDINARY = {
    "sdxl-turbo": "SdxlTurbo",
    "whisper": "Whisper",
    "file-server": "FileServer",
    "my-video": "MyVideo",
    "3d": "App3d",
    "print": "Print",
    "value": "Value",
}


def spelled(name: str) -> str:
    """`StreamingResponse` as the name of a folder."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def converted(folder: Path, platform: str, target: str, name: str, extra: str = "") -> Converted:
    for path, text in PROJECTS[platform].items():
        (folder / path).write_text(extra + text if path.endswith(".py") else text)
    outcome = convert(folder, Options(name=name, target=target))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    return outcome


NAMES = {"imports": [spelled(name) for name in IMPORTED], "python": RESERVED, "own": OWN}
QUICK = ("runpod", "app")
"""The platform and the form of which all names are tried at once; what a class may be called is decided in one place."""


@pytest.mark.parametrize(
    ("names", "platform", "target"),
    [
        pytest.param(
            names, *form, id="-".join((kind, *form)), marks=pytest.mark.whole if kind != "own" and form != QUICK else ()
        )
        for kind, names in NAMES.items()
        for form in FORMS
    ],
)  # fmt: skip
def test_no_name_of_a_project_hides_a_name_of_the_file(names: list[str], platform: str, target: str, tmp_path: Path) -> None:
    for name in names:
        outcome = converted(tmp_path, platform, target, name)
        app = outcome.application.apps[0]
        text = next(change.data for change in outcome.files if change.path == app.app_file and change.data is not None).decode()
        assert app.class_name not in names_beside(text, app.class_name), name
        assert not hasattr(builtins, app.class_name), name
        assert app.class_name in {node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        table = next(change.data for change in outcome.files if change.path == "pyproject.toml" and change.data is not None).decode()
        assert f'ref = "{app.app_file}::{app.class_name}"' in table


@pytest.mark.parametrize("name", ORDINARY)
@pytest.mark.parametrize("platform", ["runpod", "replicate"])
def test_a_name_that_nothing_has_is_the_class(name: str, platform: str, tmp_path: Path) -> None:
    assert converted(tmp_path, platform, "app", name).application.apps[0].class_name == ORDINARY[name]


def test_a_name_of_the_workers_own_code_is_not_taken(tmp_path: Path) -> None:
    outcome = converted(tmp_path, "runpod", "app", "resizer", extra="class Resizer:\n    size = 3\n\n\n")
    app = outcome.application.apps[0]
    assert (app.style, app.class_name) in (("native", "ResizerApp"), ("keep", "Resizer"))


ASK = """
import os, sys
os.environ["FAL_KEY"] = "a:b"
os.environ["IS_ISOLATE_AGENT"] = "1"
sys.path.insert(0, os.getcwd())
import importlib
import fal
module = importlib.import_module("app")
found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, fal.App) and one is not fal.App]
from fastapi.testclient import TestClient
app = found[0]()
with TestClient(app._build_app()) as client:
    answer = client.post("/", json={"a": "hello", "text": "hello"})
print(answer.status_code, answer.text)
"""


@pytest.mark.parametrize("name", ["video", "true"])
@pytest.mark.parametrize("platform", ["runpod", "replicate"])
def test_an_app_of_any_name_answers(name: str, platform: str, tmp_path: Path, warm: Warm) -> None:
    (tmp_path / "p").mkdir()
    output = write(converted(tmp_path / "p", platform, "app", name), tmp_path / "out", known=False).path
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    (tmp_path / "ask.py").write_text(ASK)
    _, said, errors = warm.run("tests.warm:script", [str(tmp_path / "ask.py")], environment=environment, directory=Path(output))
    assert "200" in said and "hello" in said, said + errors[-600:]
