"""A conversion that no Python can parse does not do what its source does, even where the source does not start here."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from converters.project import open_project
from converters.verify.handler import HandlerStudy
from converters.verify.settings import Settings

WORKER = """
import os

if not os.path.isdir("/opt/nowhere"):
    raise RuntimeError("/opt/nowhere does not exist")

import runpod


def handler(job):
    return {"echo": job["input"]["text"]}


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
"""
CHANGES = [
    pytest.param("app.py", "\ndef broken():\n", "different", id="the app's file"),
    pytest.param("handler.py", "\ndef broken():\n", "different", id="a file that was edited"),
    pytest.param("app.py", "\nimport_nothing()\n", "different", id="a file that cannot be loaded"),
    pytest.param("app.py", "\n# fine\n", "not proven", id="none"),
]


@pytest.mark.parametrize(("file", "text", "verdict"), CHANGES)
@pytest.mark.whole
def test_a_file_that_cannot_be_parsed_is_a_difference(tmp_path: Path, scratch: Path, file: str, text: str, verdict: str) -> None:
    source = tmp_path / "project"
    source.mkdir()
    (source / "handler.py").write_text(WORKER)
    outcome = convert(source, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    written = Path(write(outcome, tmp_path / "out").path)
    (written / file).write_text((written / file).read_text() + text)
    settings = Settings(seconds=10, patience=10, drawn=0)
    study = HandlerStudy(open_project(source), outcome.application, outcome.application.apps[0], written, settings)
    certificate = study.run()
    assert certificate.verdict == verdict, certificate.why
    assert (file in certificate.why) == (verdict == "different")
