"""fal's guide for Cog models (https://fal.ai/docs/documentation/development/migrate-from-replicate): its nine rows and three paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.sources.replicate.unchanged import GATE
from tests.sources.replicate.project import YAML, app, converted, items, manual, refused, text, write

FIXTURES = Path(__file__).parents[3] / "fixtures" / "replicate"
DEBUG = """\
#syntax=docker/dockerfile:1.4
FROM python:3.12-slim
ENTRYPOINT ["/sbin/tini", "--"]
COPY .cog/tmp/build1/cog-0.0.1.dev-py3-none-any.whl /tmp/cog-0.0.1.dev-py3-none-any.whl
RUN --mount=type=cache,target=/root/.cache/pip pip install /tmp/cog-0.0.1.dev-py3-none-any.whl
COPY .cog/tmp/build1/requirements.txt /tmp/requirements.txt
RUN pip install -r /tmp/requirements.txt
RUN make -C /opt
WORKDIR /src
EXPOSE 5000
CMD ["python", "-m", "cog.server.http"]
COPY . /src
"""
PREDICT = "class Predictor:\n    def predict(self, a: str) -> str:\n        return a\n"


def test_row_1_cog_yaml_is_requirements_or_an_image() -> None:
    assert 'requirements = ["torch==2.1.0", "diffusers==0.30.0", "transformers<5", "accelerate", "numpy<2"]' in text(
        converted(FIXTURES / "sdxl"), "app.py"
    )
    assert "ContainerImage.from_dockerfile" in text(converted(FIXTURES / "cartoon-2021"), "app.py")


def test_row_2_the_predictor_is_an_app() -> None:
    assert 'class Sdxl(fal.App, name="sdxl", python_version="3.11"):' in text(converted(FIXTURES / "sdxl"), "app.py")


def test_row_3_setup_stays_setup() -> None:
    assert "    def setup(self):\n        import torch\n" in text(converted(FIXTURES / "sdxl"), "app.py")
    assert "        self.predictor.setup()\n" in text(converted(FIXTURES / "sdxl", style="keep"), "app.py")


def test_row_4_predict_is_an_endpoint() -> None:
    signature = "    def predict(self, input: Input) -> Output:"
    assert f'    @fal.endpoint("/")\n    @failing_with_message\n{signature}' in text(converted(FIXTURES / "sdxl"), "app.py")
    assert f'    @fal.endpoint("/")\n{signature}' in text(converted(FIXTURES / "sdxl", style="keep"), "app.py")


def test_row_5_a_file_is_uploaded() -> None:
    made = text(converted(FIXTURES / "sdxl"), "app.py")
    assert "class Output(BaseModel):\n    image: Image\n" in made
    assert "return Output(image=upload(Path(output_path)))" in made


def test_row_6_inputs_are_a_model() -> None:
    assert 'steps: int = Field(default=30, description="Denoising steps", ge=1, le=100)' in text(converted(FIXTURES / "sdxl"), "app.py")


@pytest.mark.parametrize("row", ["fal deploy sdxl", "fal_client.subscribe", "webhook_url"], ids=["7-push", "8-client", "9-webhooks"])
def test_rows_7_to_9_are_told_in_the_notes(row: str) -> None:
    assert row in text(converted(FIXTURES / "sdxl"), "MIGRATION.md")


def test_path_1_the_predictor_is_converted() -> None:
    outcome = converted(FIXTURES / "hello")
    assert app(outcome).target == "app"
    assert not manual(outcome)


def test_path_2_the_dockerfile_of_cog_debug_gets_the_three_edits(tmp_path: Path) -> None:
    yaml = YAML.replace("predict:", "  python_packages:\n    - pillow==10.4.0\npredict:")
    outcome = converted(write(tmp_path / "p", PREDICT, yaml, Dockerfile=DEBUG))
    made = text(outcome, "Dockerfile")
    for gone in ("EXPOSE", "CMD", "cog-0.0.1", "tini", ".cog/"):
        assert gone not in made
    assert "pillow==10.4.0" in made
    assert "RUN make -C /opt\nWORKDIR /src\n" in made
    assert made.rstrip().endswith("pip install --no-cache-dir fal")
    assert app(outcome).environment.dockerfile == "Dockerfile"


def test_path_2_a_project_keeps_the_dockerfile_that_cog_debug_wrote() -> None:
    outcome = converted(FIXTURES / "debugged")
    made = text(outcome, "Dockerfile")
    assert "apt-get install -qqy libfribidi0" in made and "pillow==10.4.0" in made and "WORKDIR /src\nCOPY . /src\n" in made
    assert "cog" not in made and "EXPOSE" not in made
    assert 'image = ContainerImage.from_dockerfile(str(HERE / "Dockerfile"), context_dir=HERE)' in text(outcome, "app.py")


def test_path_2_without_a_dockerfile_it_is_written_as_cog_would() -> None:
    outcome = converted(FIXTURES / "cartoon-2021")
    made = text(outcome, "Dockerfile")
    assert "WORKDIR /src" in made and "COPY . /src" in made
    assert "cog.server" not in made and "pip install cog" not in made


def test_path_2_another_dockerfile_is_no_reason(tmp_path: Path) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT, Dockerfile="FROM python:3.11\nRUN make\n"))
    assert app(outcome).environment.kind == "requirements"


def test_path_3_the_image_runs_unchanged() -> None:
    outcome = converted(FIXTURES / "blur", target="pyproject")
    made = text(outcome, "pyproject.toml")
    assert 'image = "r8.im/acme/soft-focus"' in made
    assert "exposed_port = 5000" in made
    assert 'password = "$REPLICATE_CLI_AUTH_TOKEN"' in made
    assert 'path = "/health-check"' in made
    assert "app.py" not in {change.path for change in outcome.files if change.action == "added"}


def test_path_3_works_as_a_function_too() -> None:
    made = text(converted(FIXTURES / "blur", target="function"), "app.py")
    compile(made, "app.py", "exec")
    assert "exposed_port=5000" in made


def test_path_3_needs_the_name_of_the_image() -> None:
    assert "names no image that was pushed" in manual(converted(FIXTURES / "hello", target="pyproject"))[0]


def test_the_gate_runs_on_the_python_of_an_old_image() -> None:
    import ast

    ast.parse(GATE, feature_version=(3, 8))


@pytest.mark.parametrize(
    ("document", "settings"),
    [
        pytest.param({"hardware": "gpu-a100-large-2x", "min_instances": 1, "max_instances": 4}, {"machine_type": "GPU-H100", "num_gpus": 2, "min_concurrency": 1, "max_concurrency": 4}, id="flat"),
        pytest.param({"current_release": {"configuration": {"hardware": "gpu-t4", "min_instances": 0, "max_instances": 1}}}, {"machine_type": "GPU-RTX4090", "min_concurrency": 0, "max_concurrency": 1}, id="as the API answers"),
        pytest.param({"hardware": "cpu-small"}, {"machine_type": "M"}, id="hardware alone"),
    ],
)  # fmt: skip
def test_a_deployment_states_machine_and_scaling(tmp_path: Path, document: dict[str, object], settings: dict[str, object]) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(document))
    outcome = converted(FIXTURES / "hello", endpoint_config=path)
    assert {setting.name: setting.value for setting in app(outcome).settings} == {**settings, "secrets": []}
    assert not items(outcome, "RC020")


@pytest.mark.parametrize("content", ["no json", "[]", "{}"])
def test_a_deployment_that_says_nothing_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(content)
    assert "deployment.json" in refused(FIXTURES / "hello", endpoint_config=path).file


def test_a_training_is_an_app_of_its_own() -> None:
    outcome = converted(FIXTURES / "trainable", style="keep")
    assert [found.name for found in outcome.application.apps] == ["trainable", "trainable-train"]
    made = text(outcome, "train_app.py")
    assert "from train import train" in made
    assert "skip_retry_conditions" in made
    assert text(outcome, "pyproject.toml").count("ref = ") == 2


WORKER = 'import runpod\n\n\ndef handler(job):\n    return job["input"]["a"]\n\n\nrunpod.serverless.start({"handler": handler})\n'


@pytest.mark.parametrize(
    ("path", "unit", "platform"),
    [
        ("", "", "runpod"),
        ("", "cog.yaml", "replicate"),
        ("cog.yaml", "", "replicate"),
        ("predict.py", "", "replicate"),
        ("rp_handler.py", "", "runpod"),
    ],
)
def test_a_project_for_two_platforms_is_what_was_asked_for(tmp_path: Path, path: str, unit: str, platform: str) -> None:
    root = write(tmp_path / "p", PREDICT, rp_handler__py=WORKER)
    assert converted(root / path, unit=unit).application.platform == platform


@pytest.mark.parametrize(
    ("line", "named"),
    [
        pytest.param(
            "COPY more-requirements.txt /tmp/r.txt\nRUN pip install -r /tmp/r.txt", "more-requirements.txt", id="a list of one's own"
        ),
        pytest.param("COPY --from=kernels /k /k", "kernels", id="an image of the author's machine"),
        pytest.param("COPY --from=localhost:5000/base:1 /k /k", "localhost", id="a registry there"),
        pytest.param("COPY --from=python:3.11 /usr/bin/env /env", "", id="an official image"),
        pytest.param("COPY --from=acme/kernels:1 /k /k", "", id="an image of an owner"),
    ],
)
def test_lines_of_a_debug_dockerfile_that_only_the_author_can_build_are_named(tmp_path: Path, line: str, named: str) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT, Dockerfile=DEBUG.replace("RUN make -C /opt", line)))
    assert [named in text for text in manual(outcome)] == ([True] if named else [])
