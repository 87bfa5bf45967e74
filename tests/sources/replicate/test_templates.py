"""Repositories that serve several models: a template of a cog.yaml, and configurations that are merged into it."""

from __future__ import annotations

from pathlib import Path

from converters.discovery import Unit, units
from tests.sources.replicate.project import converted, manual, refused, text

PREDICT = """\
from cog import BasePredictor, Input


class Quick(BasePredictor):
    def predict(self, prompt: str = Input(description="Text")) -> str:
        return prompt


class Slow(BasePredictor):
    def predict(self, prompt: str, steps: int = Input(default=30, ge=1)) -> str:
        return prompt * steps
"""
TEMPLATE = "build:\n  gpu: true\n  python_version: '3.11'\n  python_packages:\n    - torch==2.3.1\n"
QUICK = "image: r8.im/acme/quick-one\npredict: predict.py:Quick\n"
SLOW = "build:\n  python_packages:\n    - numpy==1.26.4\n  system_packages:\n    - ffmpeg\npredict: predict.py:Slow\n"


def repository(root: Path, **more: str) -> Path:
    files = {
        "cog.yaml.template": TEMPLATE,
        "predict.py": PREDICT,
        "model-cog-configs/quick.yaml": QUICK,
        "model-cog-configs/slow-and-fine.yaml": SLOW,
        "cog-safe-push-configs/quick.yaml": "model: acme/quick\npredict:\n  test_cases: []\n",
        **more,
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def test_every_configuration_becomes_an_app(tmp_path: Path) -> None:
    outcome = converted(repository(tmp_path))
    assert [(app.name, app.app_file) for app in outcome.application.apps] == [
        ("quick-one", "quick_app.py"),
        ("slow-and-fine", "slow_and_fine_app.py"),
    ]
    assert not manual(outcome)
    assert 'requirements = ["torch==2.3.1"]' in text(outcome, "quick_app.py")
    assert "from predict import Quick" in text(outcome, "quick_app.py")
    assert "from predict import Slow" in text(outcome, "slow_and_fine_app.py")
    dockerfile = text(outcome, "slow-and-fine.Dockerfile")
    assert "torch==2.3.1" in dockerfile and "numpy==1.26.4" in dockerfile and "ffmpeg" in dockerfile
    assert 'HERE / "slow-and-fine.Dockerfile"' in text(outcome, "slow_and_fine_app.py")
    assert text(outcome, "pyproject.toml").count("ref = ") == 2


def test_keys_are_accounted_for_where_they_stand(tmp_path: Path) -> None:
    found = {(item.file, item.line) for item in converted(repository(tmp_path)).ledger.items() if item.kind == "key"}
    assert {("cog.yaml.template", 5), ("model-cog-configs/quick.yaml", 1), ("model-cog-configs/slow-and-fine.yaml", 3)} <= found


def test_a_template_that_names_a_predictor_is_a_model_itself(tmp_path: Path) -> None:
    root = tmp_path / "p"
    repository(root, **{"cog.yaml.template": TEMPLATE + "predict: predict.py:Quick\n"})
    for path in root.glob("*-configs/*"):
        path.unlink()
    assert [app.app_file for app in converted(root).application.apps] == ["app.py"]


def test_a_cog_yaml_beside_a_template_is_what_was_built(tmp_path: Path) -> None:
    outcome = converted(repository(tmp_path, **{"cog.yaml": TEMPLATE + "predict: predict.py:Slow\n"}))
    assert [app.app_file for app in outcome.application.apps] == ["app.py"]


def test_a_configuration_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    root = repository(tmp_path, **{"model-cog-configs/quick.yaml": "predict: [\n"})
    outcome = converted(root)
    assert [(item.file, item.line) for item in outcome.ledger.open_code_items()] == [("model-cog-configs/quick.yaml", 2)]
    assert [app.name for app in outcome.application.apps] == ["slow-and-fine"]


def test_a_repository_of_which_no_model_can_be_read_is_refused(tmp_path: Path) -> None:
    root = repository(tmp_path, **{"model-cog-configs/quick.yaml": "predict: [\n", "model-cog-configs/slow-and-fine.yaml": "predict: [\n"})
    found = refused(root)
    assert (found.file, found.line) == ("model-cog-configs/quick.yaml", 2)


def test_a_batch_finds_the_template(tmp_path: Path) -> None:
    assert units(repository(tmp_path)) == [Unit(tmp_path, "cog.yaml.template", "replicate")]
    assert len(converted(repository(tmp_path), unit="cog.yaml.template").application.apps) == 2
