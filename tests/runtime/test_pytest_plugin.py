"""The fixture that users' own tests get."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT

APP = """
import fal
from pydantic import BaseModel

class Input(BaseModel):
    value: int

class Demo(fal.App, name="demo"):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        return {"value": input.value + 1}
"""

TEST = """
import pytest
from fal_runtime.testing import AppError

def test_it(fal_local):
    assert fal_local.run("demo", {"value": 1}) == {"value": 2}

def test_it_again(fal_local):
    assert fal_local.submit("demo", {"value": 2}).get() == {"value": 3}
    with pytest.raises(AppError):
        fal_local.run("demo", {"value": "x"})
"""


def test_the_fixture_serves_the_project_of_the_ini_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "pyproject.toml").write_text('[tool.fal.apps.demo]\nref = "app.py::Demo"\n')
    (tmp_path / "out" / "app.py").write_text(APP)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["fal_runtime.pytest_plugin"]\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\nfal_project = out\n")
    (tmp_path / "test_app.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=80)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
