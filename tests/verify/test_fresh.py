"""Environments for the source side as they are really made, from the package index (`.ci/run fresh`)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from converters.cli import answer
from converters.verify.interpreter import inspected, numbers
from converters.verify.sdk import environment
from tests.verify.made import FIXTURES

pytestmark = pytest.mark.network


@pytest.fixture(autouse=True)
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_MIGRATE_SOURCE_SDK", "auto")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # with uv


def verified(project: str | Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    answer(["verify", str(FIXTURES / project), "--seconds", "10", "--format", "json"])
    (certificate,) = json.loads(capsys.readouterr().out)["certificates"]
    assert certificate["verdict"] == "equivalent", certificate["why"]
    return dict(certificate)


def test_a_project_that_states_no_release_runs_under_the_newest(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = verified("runpod/story-stream", capsys)
    release = certificate["versions"]["source runpod"]  # type: ignore[index]
    assert numbers(release) >= max((1, 12), inspected().release("runpod"))
    assert certificate["sdk"] == f"runpod {release}, the newest, in an environment of its own"


def test_a_project_that_pins_its_sdk_runs_under_that_release(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified("runpod/sdxl", capsys)["sdk"] == "runpod 1.7.9, as Dockerfile:5 asks, in an environment of its own"


def test_what_the_conversion_keeps_of_the_sdk_runs_under_the_same_release(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(verified("runpod/upscaler", capsys)["sdk"]).startswith("runpod 1.7.")


def test_downloads_of_the_newest_release_are_answered_too(scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "upscaler"
    shutil.copytree(FIXTURES / "runpod/upscaler", project)
    requirements = project / "builder/requirements.txt"
    requirements.write_text(requirements.read_text().replace("runpod~=1.7.0", "runpod"))
    certificate = verified(project, capsys)
    assert ", the newest, " in str(certificate["sdk"])
    assert any(trial["reached"] and "://" in str(trial["body"]) for trial in certificate["trials"])  # type: ignore[attr-defined]


def test_a_pinned_release_that_lacks_what_the_project_uses_gives_way(scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = str(verified("replicate/blur", capsys)["sdk"])
    assert "in an environment of its own (not cog 0.17.0, as requirements.txt:1 asks" in said and "BaseRunner" in said


def test_pip_makes_them_where_there_is_no_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    python = environment("runpod==1.7.13", "runpod.serverless", tmp_path, lambda text: contextlib.nullcontext())
    assert inspected(python).releases["runpod"] == "1.7.13"
