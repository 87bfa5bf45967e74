"""One engine for all, whose bases and layers outlast the tests: FAL_MIGRATE_REHEARSAL names the directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.rehearsal.bases import Bases
from converters.rehearsal.engines.buildah import Buildah
from converters.rehearsal.outside import Outside


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stated = os.environ.get("FAL_MIGRATE_REHEARSAL")
    return Path(stated) if stated else tmp_path_factory.mktemp("rehearsal")


@pytest.fixture(scope="session")
def outside(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    made = Outside(tmp_path_factory.mktemp("outside") / "mount", cache=folder / "outside")
    yield made
    made.close()


@pytest.fixture(scope="session")
def engine(folder: Path, outside: Outside) -> Buildah:
    made = Buildah(folder / "engine", outside, Bases(folder / "suites"))
    why = made.missing()
    assert why is None, why
    return made
