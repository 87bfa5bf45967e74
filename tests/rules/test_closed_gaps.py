"""Small projects that once came out wrong: each shows what was mended."""

from __future__ import annotations

from pathlib import Path

from converters.outcome import Converted
from converters.rules import Case
from converters.rules.samples import COG, PREDICTOR, SERVER, SERVER_IMAGE
from tests.rules.projects import Made, run


def converted(folder: Path, files: dict[str, str]) -> Made:
    return run(folder, Case("a project with a known gap", "converted", files))


def test_a_flag_that_binds_the_loopback_address_is_changed_itself(tmp_path: Path) -> None:
    made = converted(tmp_path, {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("0.0.0.0", "127.0.0.1")})
    assert '"--host", "127.0.0.1"' not in made.texts["Dockerfile"] or "cmd" in made.texts["pyproject.toml"]


def test_a_cancelled_prediction_has_a_route(tmp_path: Path) -> None:
    predictor = """
    from cog import BasePredictor, CancelationException


    class Predictor(BasePredictor):
        def predict(self, prompt: str) -> str:
            try:
                return prompt.upper()
            except CancelationException:
                raise
    """
    assert "/cancel" in converted(tmp_path, {"cog.yaml": COG, "predict.py": predictor}).texts["app.py"]


def test_managed_weights_are_fetched(tmp_path: Path) -> None:
    cog = COG + "weights:\n  - source: https://example.com/model.bin\n    target: model.bin\n"
    assert "https://example.com/model.bin" in converted(tmp_path, {"cog.yaml": cog, "predict.py": PREDICTOR}).texts["app.py"]


def test_a_secret_to_set_is_work_of_the_deployment(tmp_path: Path) -> None:
    made = converted(tmp_path, {"cog.yaml": COG + "environment:\n  - HF_TOKEN=hf_abc\n", "predict.py": PREDICTOR})
    assert getattr(made.outcome, "status", "") == "converted"


def test_the_app_file_of_a_predictor_cites_a_rule_of_its_platform(tmp_path: Path) -> None:
    outcome = converted(tmp_path, {"cog.yaml": COG, "predict.py": PREDICTOR}).outcome
    assert isinstance(outcome, Converted)
    assert {hunk.rule for change in outcome.files if change.path == "app.py" for hunk in change.hunks} != {"RP003"}


def test_the_wheel_of_cog_leaves_an_adapted_dockerfile(tmp_path: Path) -> None:
    dockerfile = """
    FROM python:3.11-slim
    COPY .cog/tmp/build1/cog-0.9.0-py3-none-any.whl /tmp/cog-0.9.0-py3-none-any.whl
    RUN pip install /tmp/cog-0.9.0-py3-none-any.whl
    RUN apt-get update && apt-get install -y ffmpeg
    WORKDIR /src
    CMD ["python", "-m", "cog.server.http"]
    COPY . /src
    """
    cog = "build:\n  system_packages:\n    - ffmpeg\npredict: predict.py:Predictor\n"
    made = converted(tmp_path, {"cog.yaml": cog, "predict.py": PREDICTOR, "Dockerfile": dockerfile})
    assert "cog-0.9.0" not in made.texts["Dockerfile"]
