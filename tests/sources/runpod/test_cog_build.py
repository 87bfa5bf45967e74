"""A worker that `cog build` packs: its packages, its Python and its build steps come from cog.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ir import Disposition
from tests.sources.runpod.worker import app_of, converted, items_of, text_of

HANDLER = "def handler(job):\n    return {'n': job['input']['n']}\n"
BUILD = """build:
  gpu: true
  python_version: "3.10.9"
  python_packages:
    - "numpy==1.26.4"
    - "runpod==0.8.4"
  run:
    - pip install pillow==10.0.0
predict: "predict.py:Predictor"
"""


def test_packages_and_python_come_from_the_build(tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(BUILD)
    outcome = converted(tmp_path, f"from runpod.serverless.utils import upload\n{HANDLER.replace('job', 'job, upload=upload', 1)}")
    environment = app_of(outcome).environment
    assert [spec.value for spec in environment.requirements] == ["numpy==1.26.4", "runpod==0.8.4", "pillow==10.0.0"]
    assert environment.python_version.value == "3.10"
    assert not items_of(outcome, "ENV010")


def test_every_key_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(BUILD)
    rows = {item.line: item.disposition for item in converted(tmp_path, HANDLER).ledger.items() if item.file == "cog.yaml"}
    assert set(rows) == set(range(1, 10))
    assert Disposition.MANUAL not in rows.values() and rows[9] is Disposition.DROPPED


def test_what_pip_cannot_install_makes_an_image(tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(
        BUILD.replace("  run:\n", "  system_packages:\n    - libsndfile1\n  run:\n    - git clone https://example.com/a.git /a\n")
    )
    outcome = converted(tmp_path, HANDLER)
    dockerfile = text_of(outcome, "Dockerfile")
    assert "libsndfile1" in dockerfile and "git clone https://example.com/a.git /a" in dockerfile and "COPY . /src" in dockerfile
    assert 'ContainerImage.from_dockerfile(str(HERE / "Dockerfile"), context_dir=HERE)' in text_of(outcome)
    assert "handler.py" in [change.path for change in outcome.files]


@pytest.mark.parametrize("imports", ["import cog\n", "from cog import BasePredictor\n", ""])
def test_cog_is_installed_where_the_code_imports_it(tmp_path: Path, imports: str) -> None:
    (tmp_path / "cog.yaml").write_text(BUILD)
    specs = [spec.value for spec in app_of(converted(tmp_path, imports + HANDLER)).environment.requirements]
    assert ("cog" in specs) == bool(imports)


@pytest.mark.parametrize("text", ["build: [", "", "- a"])
def test_a_broken_file_is_named_and_stops_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "cog.yaml").write_text(text)
    (item,) = [item for item in converted(tmp_path, HANDLER).ledger.items() if item.file == "cog.yaml"]
    assert item.disposition is Disposition.MANUAL and "Its packages were not read." in item.message


def test_a_dockerfile_goes_before_a_cog_yaml(tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text(BUILD)
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.11-slim\nRUN pip install scipy==1.11.0\nCOPY handler.py /\nCMD ["python", "/handler.py"]\n'
    )
    specs = [spec.value for spec in app_of(converted(tmp_path, HANDLER)).environment.requirements]
    assert "scipy==1.11.0" in specs and "numpy==1.26.4" not in specs
