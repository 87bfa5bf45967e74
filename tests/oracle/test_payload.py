"""What is sent to the platform: no value of the deployer's environment, and the same API as was shown before."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.ir import App
from converters.options import Options
from converters.outcome import Converted
from tests.needs import needs
from tests.warm import Warm

needs("fal")

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = sorted(path for path in (ROOT / "fixtures" / "runpod").iterdir() if path.is_dir())
STYLES = [pytest.param(path, style, id=f"{path.name} {style}") for path in PROJECTS for style in ("auto", "keep")]
CANARY = "canary-8d1f0c55"
ALWAYS = ("HF_TOKEN", "RUNPOD_API_KEY", "AWS_SECRET_ACCESS_KEY", "BUCKET_SECRET_ACCESS_KEY", "FAL_KEY_SECRET")


def write(project: Path, style: str, folder: Path) -> list[App]:
    outcome = convert(project, Options(style="keep" if style == "keep" else "auto"))
    assert isinstance(outcome, Converted), outcome
    for change in outcome.files:
        if change.data is not None:
            path = folder / change.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.data)
    return outcome.application.apps


def variables(project: Path) -> set[str]:
    """Every upper-case word of the project: among them all variables that it reads."""
    text = "".join(path.read_text() for path in project.rglob("*") if path.suffix == ".py" or path.name == "Dockerfile")
    return set(re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", text)) - {"PATH", "HOME"}


class Machines:
    """The deployer's, on which the SDK is imported where secrets are in the environment, and a runner."""

    def __init__(self) -> None:
        self._warm = {"pack": Warm(dict.fromkeys(ALWAYS, CANARY)), "unpack": Warm({"IS_ISOLATE_AGENT": "1"})}

    def run(self, *arguments: str, cwd: Path, **environment: str) -> Any:
        env = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ} | environment
        code, stdout, stderr = self._warm[arguments[0]].run("tests.oracle.deploy:main", arguments, environment=env, directory=cwd)
        assert code == 0, stderr
        return json.loads(stdout)

    def close(self) -> None:
        for warm in self._warm.values():
            warm.close()


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with contextlib.closing(Machines()) as machines:
        yield machines


@pytest.mark.parametrize(("project", "style"), STYLES)
def test_the_payload_holds_nothing_of_the_environment_and_the_same_api(
    project: Path, style: str, machines: Machines, tmp_path: Path
) -> None:
    folder, runner = tmp_path / "out", tmp_path / "runner"
    runner.mkdir()
    apps = write(project, style, folder)
    canaries = dict.fromkeys({*variables(project), *ALWAYS}, CANARY)
    for app in apps:
        payload = tmp_path / f"{app.name}.pickle"
        shown = machines.run("pack", str(folder), app.name, str(payload), cwd=tmp_path, **canaries)
        assert CANARY.encode() not in payload.read_bytes()
        assert CANARY not in json.dumps(shown)
        assert shown["paths"]["/"]["post"]["requestBody"]["required"]
        unpacked = machines.run("unpack", str(payload), cwd=runner)
        assert unpacked["paths"] == shown["paths"]
        assert unpacked["components"] == shown["components"]


def test_a_canary_that_is_read_at_the_top_level_is_found(machines: Machines, tmp_path: Path) -> None:
    """The test above can fail."""
    (tmp_path / "pyproject.toml").write_text('[tool.fal.apps.leak]\nref = "app.py::Leak"\n')
    (tmp_path / "app.py").write_text(
        "import os\nimport fal\nfrom pydantic import BaseModel\nTOKEN = os.environ['HF_TOKEN']\n"
        "class Input(BaseModel):\n    a: int\n"
        "class Leak(fal.App, name='leak'):\n    @fal.endpoint('/')\n    def run(self, input: Input) -> str:\n        return TOKEN\n"
    )
    machines.run("pack", str(tmp_path), "leak", str(tmp_path / "payload"), cwd=tmp_path, HF_TOKEN=CANARY)
    assert CANARY.encode() in (tmp_path / "payload").read_bytes()


@pytest.mark.whole
def test_a_future_import_changes_the_api_behind_the_deployer_s_back(machines: Machines, tmp_path: Path) -> None:
    """Why the two documents are compared: with this import the runner cannot find the body's model any more."""
    (tmp_path / "pyproject.toml").write_text('[tool.fal.apps.late]\nref = "app.py::Late"\n')
    (tmp_path / "app.py").write_text(
        "from __future__ import annotations\nimport fal\nfrom pydantic import BaseModel\n"
        "class Input(BaseModel):\n    a: int\n"
        "class Late(fal.App, name='late'):\n    @fal.endpoint('/')\n    def run(self, input: Input) -> str:\n        return ''\n"
    )
    shown = machines.run("pack", str(tmp_path), "late", str(tmp_path / "payload"), cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "/" in shown["paths"]
    with pytest.raises(AssertionError, match="Failed to generate OpenAPI"):
        machines.run("unpack", str(tmp_path / "payload"), cwd=empty)
