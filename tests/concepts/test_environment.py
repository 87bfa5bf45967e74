"""Which Python an environment gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.concepts.environment import demanded_python
from converters.ir import Value
from converters.project import open_project
from converters.provenance import Certainty

ASSUMED = Value[str](value="3.11", certainty=Certainty.ASSUMED)
DEMANDS = [
    pytest.param({}, "3.11", "", id="nothing"),
    pytest.param({"pyproject.toml": '[project]\nrequires-python = ">=3.12,<3.13"\n'}, "3.12", "pyproject.toml:2", id="newer"),
    pytest.param({"pyproject.toml": "[project]\nrequires-python='<3.11'\n"}, "3.10", "pyproject.toml:2", id="older"),
    pytest.param({"pyproject.toml": '[project]\nrequires-python = ">=3.9"\n'}, "3.11", "", id="allowed as it is"),
    pytest.param({"pyproject.toml": '[project]\nrequires-python = ">=3.12.4"\n'}, "3.12", "pyproject.toml:2", id="a patch release"),
    pytest.param({"pyproject.toml": '[project]\nrequires-python = "<3"\n'}, "3.11", "", id="none that fal has"),
    pytest.param({"pyproject.toml": '[project]\nrequires-python = "three"\n'}, "3.11", "", id="no specifier"),
    pytest.param({".python-version": "3.13.1\n", "pyproject.toml": '[project]\nrequires-python = ">=3.12"\n'}, "3.13", ".python-version:1", id="pinned"),
    pytest.param({"src/worker/.python-version": "3.10\n", ".python-version": "3.13\n"}, "3.10", "src/worker/.python-version:1", id="the nearest"),
    pytest.param({"other/.python-version": "3.13\n"}, "3.11", "", id="not a neighbour's"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected", "origin"), DEMANDS)
def test_the_project_demands_a_python(tmp_path: Path, files: dict[str, str], expected: str, origin: str) -> None:
    for path, text in {"src/worker/handler.py": "", **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = demanded_python(open_project(tmp_path), "src/worker", ASSUMED)
    assert found.value == expected
    assert (f"{found.origin.file}:{found.origin.line}" if found.origin else "") == origin
