"""What a command or a requirement file asks pip for, as pip reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.ir import Origin
from converters.options import Options
from converters.outcome import Converted
from converters.python import pip
from converters.rules.samples import WORKER

COMMANDS = [
    pytest.param("setuptools<81", ["setuptools<81"], id="a bound of a tool"),
    pytest.param("wheel==0.45.1 torch", ["wheel==0.45.1", "torch"], id="a pin of a tool"),
    pytest.param("--upgrade pip setuptools wheel", [], id="upkeep"),
    pytest.param("-U pip==24.0 uv>=0.5", [], id="installers, pinned"),
    pytest.param("setuptools torch", ["torch"], id="upkeep beside a package"),
]


@pytest.mark.parametrize(("words", "specs"), COMMANDS)
def test_a_command_installs_what_it_names_but_for_upkeep(words: str, specs: list[str]) -> None:
    found = pip.install(tuple(words.split()), Origin(file="Dockerfile", line=1), lambda path: None)
    assert [spec for spec, _ in found.specs] == specs


FILES = [
    pytest.param("setuptools\nwheel\nnumpy", ["setuptools", "wheel", "numpy"], id="tools that a file lists"),
    pytest.param("setuptools<81", ["setuptools<81"], id="a bound"),
    pytest.param("pip\nuv==0.5\nnumpy", ["numpy"], id="installers"),
]


@pytest.mark.parametrize(("text", "specs"), FILES)
def test_a_file_asks_for_all_that_it_lists_but_installers(text: str, specs: list[str]) -> None:
    found = pip.Install()
    pip.requirements_file(text, "requirements.txt", found, lambda path: None)
    assert [spec for spec, _ in found.specs] == specs


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("dockerfile", [False, True], ids=["without a Dockerfile", "with one"])
def test_a_requirement_file_is_read_by_its_byte_order_mark(tmp_path: Path, encoding: str, dockerfile: bool) -> None:
    text = "runpod\r\nidna==3.7  # \u00e4\r\n"
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (tmp_path / "requirements.txt").write_bytes((mark + text).encode(encoding))
    (tmp_path / "handler.py").write_text(WORKER)
    if dockerfile:
        lines = ["FROM python:3.11-slim", "COPY . .", "RUN pip install -r requirements.txt", 'CMD ["python", "handler.py"]']
        (tmp_path / "Dockerfile").write_text("\n".join(lines))
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    (app,) = outcome.application.apps
    assert [spec.value for spec in app.environment.requirements] == ["idna==3.7"]


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("httpx==0.27", "httpx"),
        ("httptools", "httptools"),
        ("gitpython>=3", "gitpython"),
        ("Flask_SQLAlchemy[x]", "flask-sqlalchemy"),
        ("tool @ https://wheels.example/tool.whl", "tool"),
        ("https://wheels.example/tool.whl", ""),
        ("https://user@wheels.example/tool.whl", ""),
        ("git+https://code.example/tool", ""),
        ("git+ssh://git@code.example/tool", ""),
        ("--pre", ""),
    ],
)
def test_a_requirement_has_its_project_s_name_and_an_address_has_none(spec: str, name: str) -> None:
    assert pip.name(spec) == name
