"""A cog.yaml whose predictor is gone does not hide the server that took its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.project import open_project
from converters.sources.registry import find

COG = "predict: predict.py:Predictor\n"
CASES = {
    "its predictor is there": ({"cog.yaml": COG, "predict.py": "", "Dockerfile": "FROM python:3.11"}, True),
    "its predictor is gone, and there is a Dockerfile": ({"cog.yaml": COG, "Dockerfile": "FROM python:3.11"}, False),
    "its predictor is gone, and there is nothing else": ({"cog.yaml": COG}, True),
    "one of two predictors is gone": ({"a/cog.yaml": COG, "b/cog.yaml": COG, "b/predict.py": "", "Dockerfile": "FROM python:3.11"}, True),
    "it only trains": ({"cog.yaml": "train: train.py:train\n", "train.py": "", "Dockerfile": "FROM python:3.11"}, True),
    "it cannot be read": ({"cog.yaml": "predict: [", "Dockerfile": "FROM python:3.11"}, True),
}


@pytest.mark.parametrize(("files", "is_cog"), CASES.values(), ids=CASES.keys())
def test_a_cog_yaml_is_a_project_of_cog_where(files: dict[str, str], is_cog: bool, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    replicate = find("replicate")
    assert replicate is not None
    assert bool(replicate.detect(open_project(tmp_path))) == is_cog
