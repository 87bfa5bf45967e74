"""The source's files lie where its image and what is mounted into it have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.project import open_project
from converters.verify.source import stage

WORKER = """
import os

import runpod


def handler(job):
    return LOOKS


runpod.serverless.start({"handler": handler})
"""


@pytest.mark.parametrize(
    ("looks", "mounted"),
    [
        pytest.param('os.path.exists("/runpod-volume")', True, id="the worker looks whether it has a volume"),
        pytest.param('os.path.exists("/tmp/other")', False, id="it looks for something else"),
        pytest.param('os.makedirs("/runpod-volume/a", exist_ok=True)', False, id="it makes what it needs"),
    ],
)
def test_a_volume_is_mounted_where_the_app_makes_it(tmp_path: Path, looks: str, mounted: bool) -> None:
    project = tmp_path / "worker"
    project.mkdir()
    (project / "handler.py").write_text(WORKER.replace("LOOKS", looks))
    (project / "requirements.txt").write_text("runpod\n")
    outcome = convert(project, Options())
    assert isinstance(outcome, Converted)
    stage(open_project(project), outcome.application.apps[0], tmp_path / "root")
    assert (tmp_path / "root" / "runpod-volume").is_dir() is mounted
