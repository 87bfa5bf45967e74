"""Whole rehearsals with buildah on stand-ins made of Debian's packages: `.ci/run rehearse`. They share layers, in the order below."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.reports.json import published_schema
from tests.mcp.test_server import body, session

pytestmark = pytest.mark.rehearse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rehearsal"
MIGRATE = Path(sys.executable).with_name("migrate")


def rehearsed(project: Path, cache: Path, *more: str, code: int = 0) -> dict[str, Any]:
    """The rehearsal of the one app of a project, as the command tells it."""
    command = [str(MIGRATE), "rehearse", str(project), "--cache", str(cache), "--format", "json", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3000)
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"]) == (code, code), json.dumps(document, indent=1)
    Draft202012Validator(published_schema("rehearsal.schema.json")).validate(document)
    (only,) = document["rehearsals"]
    assert isinstance(only, dict)
    return only


def statuses(rehearsal: dict[str, Any]) -> list[tuple[str, int]]:
    return [(asked["what"], asked["status"]) for asked in rehearsal["requests"]]


def test_an_environment_of_requirements_is_installed_and_its_app_answers(folder: Path) -> None:
    found = rehearsed(FIXTURES / "requirements", folder)
    assert (found["verdict"], found["kind"], found["python"], statuses(found)) == ("answered", "requirements", "3.11", [("POST /", 200)])
    stubs = " ".join(one["what"] for one in found["stood_in"])
    assert "torch" in stubs and "diffusers" in stubs and "pillow" not in stubs


def test_a_program_rehearses_by_the_protocol(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has no option for the folder of layers: it is where `XDG_CACHE_HOME` says."""
    (tmp_path / "cache" / "fal-migrate").mkdir(parents=True)
    (tmp_path / "cache" / "fal-migrate" / "rehearsal").symlink_to(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    told: list[str] = []
    (tmp_path / "root").mkdir()
    shutil.copytree(FIXTURES / "requirements", tmp_path / "root" / "requirements")
    (found,) = session(tmp_path / "root", [("rehearse", {"app": "requirements"})], told)
    (rehearsal,) = body(found)["document"]["rehearsals"]
    assert (body(found)["exit_code"], rehearsal["verdict"]) == (0, "answered")
    assert any(line.startswith("migrate rehearse ") for line in told)


def test_an_image_with_packages_of_apt_and_pip_is_built_and_its_app_answers(folder: Path) -> None:
    found = rehearsed(FIXTURES / "image", folder)
    assert (found["verdict"], found["kind"], statuses(found)) == ("answered", "image", [("POST /", 200)])
    assert found["stood_in"][0]["what"] == "python:3.11-slim-bookworm"


def test_a_server_starts_by_its_own_command_and_answers(folder: Path) -> None:
    found = rehearsed(FIXTURES / "server", folder)
    assert (found["verdict"], found["kind"]) == ("answered", "server")
    assert statuses(found) == [("POST /count", 200), ("GET /health", 200)]


def test_packages_that_exclude_one_another_fail_at_their_line(folder: Path) -> None:
    found = rehearsed(FIXTURES / "conflict", folder, code=7)
    failure = found["failure"]
    assert (found["verdict"], failure["stage"], failure["place"]) == ("failed", "build", {"file": "Dockerfile", "line": 4})
    assert "werkzeug" in " ".join([failure["why"], *failure["output"]]).lower()


def test_only_the_steps_behind_a_changed_file_are_taken_again(folder: Path, tmp_path: Path) -> None:
    """The layers before it are there; what is left is to start and to ask."""
    project = tmp_path / "server"
    project.mkdir()
    for file in (FIXTURES / "server").iterdir():  # a change that no earlier run made
        (project / file.name).write_text(file.read_text().replace("words.count(question.word)", f"-{time.time_ns()}"))
    found = rehearsed(project, folder)
    assert found["verdict"] == "answered"
    steps = {step["what"]: step["cached"] for step in found["timings"]}
    assert [what for what, cached in steps.items() if what.startswith("RUN pip install") and not cached] == []
    assert steps["COPY server.py ."] is False
