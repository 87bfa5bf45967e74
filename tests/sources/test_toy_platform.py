"""A platform that one folder describes converts, reports, explains and verifies: nothing else knows its name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters import discovery, sources
from converters.cli import answer
from converters.sources.registry import find, platforms
from tests.verify.made import studied

PLATFORMS = Path(__file__).parent / "platforms"
JOB = """
def answer(job):
    text = job["input"]["text"]
    if not text:
        raise ValueError("no text")
    return {"length": len(text), "shout": text.upper()}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of the platform, which is there as if its folder lay in `converters/sources`."""
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(PLATFORMS)])
    root = tmp_path / "echo"
    root.mkdir()
    (root / "job.py").write_text(JOB.lstrip())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (root / "toy.json").write_text(json.dumps({"handler": "job:answer", "input": ["text"], "python": python}) + "\n")
    yield root
    sys.modules.pop("converters.sources.toy", None)


def test_without_its_folder_it_is_not_there() -> None:
    assert find("toy") is None


def test_it_is_found_among_the_others_and_asked_in_its_turn(project: Path) -> None:
    assert [platform.name for platform in platforms()] == ["runpod", "replicate", "toy", "docker"]


def test_it_converts_and_reports(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer([str(project), "--output", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "echo is a toy project" in shown and "toy.json:1  names a handler" in shown
    assert "# From Toyland to fal" in (tmp_path / "out" / "MIGRATION.md").read_text()
    app = (tmp_path / "out" / "app.py").read_text()
    assert "class Echo(fal.App" in app and "text: str" in app and 'machine_type = "L"' in app
    assert (tmp_path / "out" / "job.py").read_text() == (project / "job.py").read_text()


def test_its_document_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer([str(project), "--check", "--format", "json"])
    made = json.loads(capsys.readouterr().out)
    assert made["source"]["platform"] == "toy"
    assert [one["certainty"] for one in made["apps"][0]["decisions"] if one["subject"] == "machine"] == ["assumed"]


def test_its_file_is_an_entry_and_batch_finds_it(project: Path, tmp_path: Path) -> None:
    assert answer([str(project / "toy.json"), "--output", str(tmp_path / "out")]) == 0
    assert [(unit.entry, unit.platform) for unit in discovery.units(project)] == [("toy.json", "toy")]


def test_it_explains(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["explain", f"{project / 'toy.json'}:1"]) == 0
    assert "`answer` answers the app's requests" in capsys.readouterr().out


def test_a_folder_of_no_platform_names_it_among_what_is_looked_for(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert answer([str(tmp_path / "empty")]) == 4
    assert "nor a cog.yaml, nor a toy.json, nor a Dockerfile was recognised" in capsys.readouterr().err


@pytest.mark.whole
def test_it_is_verified_and_a_bug_in_its_conversion_is_told(project: Path, tmp_path: Path) -> None:
    found = studied(project, tmp_path / "verified")
    assert found.certificate.verdict == "equivalent", found.certificate.why
    assert found.certificate.platform == "toy" and len(found.certificate.trials) > 3
    changed = found.with_bug("job.py", "text.upper()", "text.lower()", tmp_path)
    assert found.study.first_difference(changed) is not None
