"""Each sample project becomes exactly what stands in `fixtures/expected/`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests import fixtures

PROJECTS = fixtures.projects()
IDS = [path.relative_to(fixtures.ROOT).as_posix() for path in PROJECTS]


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
@pytest.mark.versions
def test_a_sample_becomes_what_is_expected(project: Path) -> None:
    made, expected = fixtures.made(fixtures.converted(project)), fixtures.expected(project)
    assert made.keys() == expected.keys()
    for path, data in made.items():
        assert data.decode() == expected[path].decode(), path


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_converting_twice_gives_the_same_and_leaves_the_source_alone(project: Path) -> None:
    before = _digest(project)
    first, second = fixtures.made(fixtures.converted(project)), fixtures.made(fixtures.converted(project))
    assert first == second
    assert _digest(project) == before


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_every_python_file_of_the_output_compiles(project: Path) -> None:
    for change in fixtures.converted(project).files:
        if change.path.endswith(".py") and change.data is not None:
            compile(change.data, change.path, "exec", dont_inherit=True)


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_nothing_is_lost_in_silence(project: Path) -> None:
    ledger = fixtures.converted(project).ledger
    assert not ledger.unsettled()
    assert ledger.constructs.keys() == ledger.settled.keys()
    assert not [item for item in ledger.items() if item.rule == "ALL001"]


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_every_app_is_private_and_names_itself(project: Path) -> None:
    outcome = fixtures.converted(project)
    files = {change.path: (change.data or b"").decode() for change in outcome.files if change.path.endswith((".py", ".toml"))}
    for app in outcome.application.apps:
        assert f"[tool.fal.apps.{app.name}]" in files["pyproject.toml"]
        text = files.get(app.app_file, "")
        assert 'app_auth = "private"' in text or 'auth = "private"' in files["pyproject.toml"]
        assert "from __future__ import annotations" not in text


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
