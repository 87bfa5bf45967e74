"""`migrate run PATH --capture-openapi`: the running server's document is written where `--openapi` takes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.commands.openapi import load
from converters.options import Options
from converters.output import write
from tests.docker.conftest import outcome_of
from tests.sources.docker.projects import project
from tests.warm import Warm

IMAGE = 'FROM python:3.11\nWORKDIR /srv\nCOPY main.py .\nCMD ["python", "-m", "uvicorn", "main:{name}", "--host", "0.0.0.0", "--port", "8798"]\n'
HIDDEN = """
from fastapi import FastAPI
from pydantic import BaseModel


class Say(BaseModel):
    text: str


def say(said: Say) -> dict[str, str]:
    return {"said": said.text}


served = FastAPI({options})
for path in ("/say", "/shout"):
    served.add_api_route(path, say, methods=["POST"])
"""


def converted(folder: Path, target: str, given: str = "", options: str = "") -> tuple[Path, str]:
    """(output, text of app.py) of a server whose routes the code hides."""
    project(folder / "p", Dockerfile=IMAGE.replace("{name}", "served"), main_py=HIDDEN.replace("{options}", options))
    made = outcome_of(folder / "p", Options(target=target, openapi=load(given) if given else None))  # type: ignore[arg-type]
    output = Path(write(made, folder / (f"{target}-again" if given else target)).path)
    return output, (output / "app.py").read_text() if target != "pyproject" else ""


def captured(output: Path, warm: Warm) -> tuple[int, str]:
    """The exit code of a project whose document is asked for, and what it says."""
    return warm.migrate(["run", str(output), "--port", "0", "--capture-openapi"], directory=output)


@pytest.mark.parametrize("target", ["pyproject", "app"])
@pytest.mark.whole
def test_the_document_of_the_running_server_fills_the_skeleton(target: str, tmp_path: Path, warm: Warm) -> None:
    output, skeleton = converted(tmp_path, target)
    assert "/say" not in skeleton
    code, said = captured(output, warm)
    assert code == 0, said
    assert f"2 routes written to {output / 'openapi.json'}" in said
    assert sorted(json.loads((output / "openapi.json").read_text())["paths"]) == ["/say", "/shout"]
    _, filled = converted(tmp_path, "app", given=str(output / "openapi.json"))
    assert '@fal.endpoint("/say")' in filled and '@fal.endpoint("/shout")' in filled and "text: str" in filled


def test_a_server_without_a_document_is_named(tmp_path: Path, warm: Warm) -> None:
    output, _ = converted(tmp_path, "pyproject", options="openapi_url=None")
    code, said = captured(output, warm)
    assert code == 4 and "the server has no OpenAPI 3 document at /openapi.json" in said
    assert not (output / "openapi.json").exists()


def test_a_project_without_a_server_has_none(tmp_path: Path, warm: Warm) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.fal.apps.plain]\nref = "app.py::Plain"\n')
    (tmp_path / "app.py").write_text(
        "import fal\n\n\nclass Plain(fal.App, name='plain'):\n    @fal.endpoint('/')\n    def run(self) -> int:\n        return 1\n"
    )
    code, said = captured(tmp_path, warm)
    assert code == 4 and "only a project with one server" in said
