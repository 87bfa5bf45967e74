"""What is installed, what that enables, and which facts may be out of date."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from converters.commands.skill import path as skill
from converters.doctor import freshness
from converters.doctor import tools as doctor_tools
from converters.doctor.freshness import is_newer, stale
from converters.doctor.tools import Tool, tools
from converters.errors import ExitCode
from converters.measured import Measured
from tests.test_cli import run

ROOT = Path(__file__).parents[2]


def test_the_answer_for_programs_is_what_its_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "converters" / "reports" / "doctor.schema.json").read_text())
    Draft202012Validator(schema).validate(found)
    assert {one["name"]: one["release"] for one in found["tools"]}["fal"] == metadata.version("fal")


def test_what_is_absent_is_told_with_how_it_is_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    absent = (Tool("no-such-program", "nothing", "somewhere"), Tool("no-such-package", "little", "pip install it", True))
    monkeypatch.setattr(doctor_tools, "TOOLS", absent)
    assert run("doctor") == 0
    said = capsys.readouterr().out
    assert "- no-such-program  nothing: not installed: somewhere" in said
    assert "- no-such-package  little: not installed: pip install it" in said


def test_a_program_that_fails_is_there_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "silent").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "silent").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor_tools, "TOOLS", (Tool("silent", "nothing", "somewhere"),))
    assert [(one.release, one.is_installed) for one in tools()][:1] == [("unknown", True)]


@pytest.mark.parametrize(
    ("installed", "release", "newer"),
    [
        ("1.84.0", "1.83.0", True),
        ("1.83.0", "1.83.0", False),
        ("1.9.0", "1.83.0", False),
        ("2.0.0rc1", "1.83.0", True),
        ("main", "1.0", False),
    ],
)
def test_a_newer_release_is_told(installed: str, release: str, newer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_newer(installed, release) is newer
    monkeypatch.setattr(metadata, "version", lambda name: installed)
    found = [one.message for one in stale((Measured("fal", release, "2026-11-21", "facts"),))]
    assert [installed in message and release in message for message in found] == [True] * newer


def test_no_other_file_states_a_measured_release() -> None:
    """A release in prose, such as the one that a page or a comment was read in, is no copy; a value that code goes by is."""
    stated = re.compile(r"""["']({})["']""".format("|".join(re.escape(one.release) for one in freshness.measured())))
    files = [path for path in (ROOT / "converters").rglob("*.py") if path.parent.name != "rules"]
    stating = {str(path.relative_to(ROOT / "converters")) for path in files if stated.search(path.read_text())}
    assert stating == {"measured.py", "sources/runpod/__init__.py", "sources/replicate/release.py"}


# The skill


def test_the_skill_names_what_there_is() -> None:
    text = skill().read_text("utf-8")
    from typer.main import get_command

    from converters.cli import app

    commands = set(getattr(get_command(app), "commands", {}))
    named = set(re.findall(r"`migrate ([a-z]+)\b", text))
    assert named and named <= commands, named - commands
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert rows == {int(code) for code in ExitCode if code is not ExitCode.INTERRUPTED}
    options = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))
    known = {option for command in getattr(get_command(app), "commands", {}).values() for one in command.params for option in one.opts}
    assert options <= known, options - known


def test_the_skill_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("skill") == 0
    assert capsys.readouterr().out.strip() == skill().read_text("utf-8").strip()
    assert skill().read_text("utf-8").startswith("---\nname: fal-migrate\ndescription: ")
