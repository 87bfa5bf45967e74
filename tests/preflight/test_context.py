"""What the client leaves out of a build's context, by patterns that are meant from the context's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.cli import answer

APP = """
from pathlib import Path

import fal
from fal.container import ContainerImage

HERE = Path(__file__).parent / "{context}"


class Worker(fal.App, name="worker", python_version="3.11"):
    machine_type = "L"
    image = ContainerImage.from_dockerfile(str(HERE / "Dockerfile"), context_dir=HERE, dockerignore=["{pattern}"])

    def setup(self):
        self.notes = open("/notes.txt").read()

    @fal.endpoint("/")
    def predict(self) -> str:
        return self.notes
"""


@pytest.mark.parametrize("context", ["svc", "."])
@pytest.mark.parametrize(("pattern", "named"), [("/notes.txt", True), ("notes.*", True), ("/svc/notes.txt", False), ("/other.txt", False)])
def test_a_file_that_the_code_reads_and_a_pattern_leaves_out_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], context: str, pattern: str, named: bool
) -> None:
    folder = tmp_path / context
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nRUN pip install fal\nCOPY . /\n")
    (folder / "notes.txt").write_text("x")
    (tmp_path / "app.py").write_text(APP.format(context=context, pattern=pattern))
    code = answer(["check", str(tmp_path)])
    assert (f"notes.txt`, by `{pattern}`" in capsys.readouterr().out) == named
    assert code == (3 if named else 0)
