"""A pytest fixture for users' own tests: ``pytest_plugins = ["fal_runtime.pytest_plugin"]`` in their conftest.py.

``fal_local`` serves the project of the ``fal_project`` ini option (default: the root directory) once per session.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .testing import Local, serve


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    parser.addini("fal_project", "directory of the fal project that the fal_local fixture serves", default=".")


@pytest.fixture(scope="session")
def fal_local(pytestconfig: pytest.Config) -> Iterator[Local]:
    """The apps of the project, served on this machine."""
    with serve(pytestconfig.rootpath / pytestconfig.getini("fal_project")) as local:
        yield local
