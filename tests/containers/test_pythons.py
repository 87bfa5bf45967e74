"""Environments of an image are found where they are made, and where packages go into one that the base image holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.rules.samples import WORKER

INSTALLS = [
    "RUN uv pip install --python /app/.venv/bin/python runpod",
    "RUN /opt/base/bin/pip install runpod",
    "RUN python -m venv /opt/own\nRUN /opt/own/bin/pip install runpod",
]


@pytest.mark.parametrize("line", INSTALLS)
def test_packages_may_go_into_an_environment_that_the_base_holds(tmp_path: Path, line: str) -> None:
    (tmp_path / "handler.py").write_text(WORKER)
    (tmp_path / "Dockerfile").write_text(f"FROM registry.example/base:1\n{line}\nCOPY handler.py /\nCMD python /handler.py\n")
    assert isinstance(convert(tmp_path, Options()), Converted)
