"""Small fal projects to rehearse on an engine for tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from converters.rehearsal.apps import chosen, load
from converters.rehearsal.rehearse import Internet, Settings, rehearse
from converters.rehearsal.result import Rehearsal
from tests.rehearsal.engine import LocalEngine

APP = """
import fal
from pydantic import BaseModel


class Input(BaseModel):
    text: str = "abc"


class Output(BaseModel):
    text: str


class Upper(fal.App, name="upper"):
    requirements = ["six==1.16.0"]
    machine_type = "S"

    def setup(self):
        {setup}

    @fal.endpoint("/")
    def run(self, input: Input) -> Output:
        {body}
"""
TABLE = '[tool.fal.apps.upper]\nref = "app.py::Upper"\n'


def project(folder: Path, files: dict[str, str]) -> Path:
    """A project with these files."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    return folder


def app(folder: Path, *, setup: str = "self.suffix = '!'", body: str = "return Output(text=input.text.upper() + self.suffix)") -> Path:
    """A project with one app, which changes a text to capitals unless it is told otherwise."""
    text = APP.replace("{setup}", setup).replace("{body}", body)
    return project(folder, {"app.py": text, "pyproject.toml": TABLE})


def rehearsed(root: Path, scratch: Path, engine: LocalEngine, *, start: float = 30, internet: Internet | None = None) -> Rehearsal:
    """The rehearsal of the one app of a project."""
    (only,) = load(chosen(root), scratch / "apps")
    return rehearse(only, engine, Settings(start=start, answer=20), internet=internet)
