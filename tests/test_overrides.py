"""What `--set`, `--only` and `--skip` take and refuse, for every platform and target alike."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from converters.cli import answer
from converters.errors import UsageError
from converters.fal.settings import PARAMETERS, defaults, parsed
from converters.sources.replicate.deployment import HARDWARE

WORKER = "import runpod\n\n\ndef handler(job):\n    return job['input']['text']\n\n\nrunpod.serverless.start({'handler': handler})\n"
PREDICTOR = "from cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str) -> str:\n        return a\n"
SERVER = 'FROM python:3.11\nCOPY main.py .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
PROJECTS: dict[str, dict[str, str]] = {
    "runpod": {"handler.py": WORKER, "requirements.txt": "runpod\n"},
    "replicate": {"cog.yaml": "build:\n  python_version: '3.11'\npredict: predict.py:Predictor\n", "predict.py": PREDICTOR},
    "docker": {"Dockerfile": SERVER, "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"},
}
FORMS = [
    ("runpod", "app"),
    ("replicate", "app"),
    ("docker", "pyproject"),
    ("docker", "function"),
    ("docker", "app"),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def project(folder: Path, platform: str) -> Path:
    for name, text in PROJECTS[platform].items():
        (folder / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "p" / name).write_text(text)
    return folder / "p"


def migrate(folder: Path, platform: str, target: str, *arguments: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the text of what was written."""
    code = answer([str(project(folder, platform)), "--target", target, "-q", *arguments])
    out = folder / "p-fal"
    return code, {path.name: path.read_text() for path in out.iterdir() if path.is_file()} if out.exists() else {}


REFUSED = [
    ("keep_alive=-5", "keep_alive is -5"),
    ("keep_alive=1.5", "keep_alive is 1.5"),
    ("keep_alive=true", "keep_alive is true"),
    ("keep_alive=null", "keep_alive is null"),
    ("keep_alive=", 'keep_alive is ""'),
    ("keep_alive=ten", "an integer of 0 or more (seconds)"),
    ("min_concurrency=-1", "min_concurrency is -1"),
    ("max_multiplexing=0", "of 1 or more"),
    ("request_timeout=0", "of 1 or more"),
    ("termination_grace_period_seconds=99999", "from 0 to 3600"),
    ("num_gpus=-1", "num_gpus is -1"),
    ('regions=["moon"]', "us-west, us-central"),
    ("regions=us-east,moon", "us-west, us-central"),
    ("regions=7", "regions is 7"),
    ("machine_type=GPU-A101", "GPU-A100"),
    ("machine_type=gpu-h100", "GPU-H100"),
    ("machine_type=H100", "Did you mean GPU-H100"),
    ("machine_type=[]", "machine_type is []"),
    ('machine_type=["GPU-H100", 3]', "GPU-H100"),
    ("skip_retry_conditions=always", "server_error"),
    ("retry_config=3", "retry_config is 3"),
    ("retry_config={}", "retry_config is {}"),
    ('retry_config={"moon": {"retries": 3}}', "timeout, server_error"),
    ('retry_config={"timeout": 3}', '{"server_error": {"retries": 3}}'),
    ('retry_config={"timeout": {"retries": -1}}', "retry_config is"),
    ("secrets=A B", "HF_TOKEN"),
    ("secrets=A\n::error::x", "HF_TOKEN"),
    ("data_mounts=/etc", "/data/models"),
    ("keepalive=5", "Did you mean keep_alive?"),
    ("nonsense=5", "Known are: auth"),
    ("keep_alive", "KEY=VALUE"),
    ("keep-alive=5", "KEY=VALUE"),
    ("=5", "KEY=VALUE"),
]


@pytest.mark.parametrize(("platform", "target"), FORMS)
@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_no_app_can_have_is_refused_before_anything_is_written(
    text: str, said: str, platform: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(tmp_path, platform, target, "--set", text) == (2, {})
    shown = capsys.readouterr().err
    assert said in shown
    assert "\n::error" not in shown


TAKEN = [
    ("keep_alive=0", "keep_alive = 0"),
    ("keep_alive=120", "keep_alive = 120"),
    ("max_concurrency=0", "max_concurrency = 0"),
    ("termination_grace_period_seconds=3600", "termination_grace_period_seconds = 3600"),
    ("machine_type=GPU-H100", 'machine_type = "GPU-H100"'),
    ("machine_type=XS,S", 'machine_type = ["XS", "S"]'),
    ('machine_type=["GPU-H100", "GPU-A100"]', 'machine_type = ["GPU-H100", "GPU-A100"]'),
    ("machine_type=GPU-A6000", 'machine_type = "GPU-A6000"'),
    ("regions=us-east", 'regions = ["us-east"]'),
    ("regions=us-east, eu-west", 'regions = ["us-east", "eu-west"]'),
    ("secrets=[]", "secrets = []"),
    ("data_mounts=/data", 'data_mounts = ["/data"]'),
    ("skip_retry_conditions=server_error", 'skip_retry_conditions = ["server_error"]'),
]


@pytest.mark.parametrize(("platform", "target"), FORMS)
@pytest.mark.parametrize(("text", "written"), TAKEN)
def test_what_an_app_can_have_is_written(text: str, written: str, platform: str, target: str, tmp_path: Path) -> None:
    code, files = migrate(tmp_path, platform, target, "--set", text)
    assert code in (0, 3)
    found = files.get("app.py", "") + files["pyproject.toml"]
    assert written in found or written.replace(" = ", "=") in found
    if text.startswith("machine_type"):
        assert "assumed" not in found


@pytest.mark.parametrize(("platform", "target"), FORMS)
def test_retries_are_written_as_fal_reads_them(platform: str, target: str, tmp_path: Path) -> None:
    from fal.sdk import validate_retry_config_dict

    code, files = migrate(tmp_path, platform, target, "--set", 'retry_config={"server_error": {"retries": 3}, "timeout": {"retries": 0}}')
    assert code in (0, 3)
    text = files.get("app.py", files["pyproject.toml"])
    written = re.search(r"retry_config ?= ?(\{.*?\}\}|\{.*?\} ?\})", text)
    assert written is not None, text
    value = ast.literal_eval(re.sub(r"(\w+) = ", r'"\1": ', written[1]))
    assert validate_retry_config_dict(value) == {"server_error": {"retries": 3}, "timeout": {"retries": 0}}


@pytest.mark.parametrize(("platform", "target"), FORMS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exposed_port", "9000"),
        ("health_check", "/ready"),
        ("image", "acme/x:1"),
        ("setup_function", "helpers:prepare"),
        ("python_version", "3.12"),
        ("requirements", "torch"),
        ("serve", "true"),
        ("metadata", "{}"),
        ("local_python_modules", "main"),
    ],
)
def test_a_setting_of_another_form_is_refused_with_the_reason(
    name: str, value: str, platform: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = target if platform == "docker" else "worker"
    if form not in PARAMETERS[name].forms:
        assert migrate(tmp_path, platform, target, "--set", f"{name}={value}") == (2, {})
        assert PARAMETERS[name].refusal in capsys.readouterr().err
    elif name != "setup_function":
        assert migrate(tmp_path, platform, target, "--set", f"{name}={value}")[0] in (0, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("python_version=3.10", "3.10"),
        ('python_version="3.11"', "3.11"),
        ("private_logs=True", True),
        ("private_logs=false", False),
        ("image=acme/x:1", "acme/x:1"),
        ("image=r8.im/a/b@sha256:0=1", "r8.im/a/b@sha256:0=1"),
        ('metadata={"a": 1}', {"a": 1}),
        ("local_python_modules=a,b.c", ["a", "b.c"]),
        (" keep_alive = 7 ", 7),
    ],
)
def test_a_value_is_read_as_its_setting_wants_it(text: str, value: object) -> None:
    assert parsed(text)[1] == value


@pytest.mark.parametrize("text", ["python_version=3.9", "python_version=2.7", "python_version=3.100", "python_version=latest"])
def test_a_python_that_fal_does_not_run_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="python_version"):
        parsed(text)


@pytest.mark.parametrize(("platform", "target"), FORMS)
@pytest.mark.parametrize(
    ("option", "rule", "said"),
    [
        ("--skip", "RP999", "no rule has this code"),
        ("--skip", "RP01", "Did you mean"),
        ("--skip", "RP002", "does not work without"),
        ("--only", "nothing", "no rule has this code"),
        ("--only", "RC002", "does not work without"),
    ],
)
def test_a_rule_that_cannot_be_left_out_is_refused(
    option: str, rule: str, said: str, platform: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(tmp_path, platform, target, option, rule) == (2, {})
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("platform", "target"), FORMS)
@pytest.mark.parametrize(
    "arguments", [["--skip", "FS001"], ["--skip", "fs001"], ["--only", "FS001"], ["--only", "RP008", "--skip", "RP016"]]
)
def test_a_rule_that_can_be_left_out_is_taken(arguments: list[str], platform: str, target: str, tmp_path: Path) -> None:
    assert migrate(tmp_path, platform, target, *arguments)[0] in (0, 3)


@pytest.mark.parametrize(("platform", "target"), FORMS)
def test_fewer_runners_than_the_least_are_refused(platform: str, target: str, tmp_path: Path) -> None:
    assert migrate(tmp_path, platform, target, "--set", "min_concurrency=3", "--set", "max_concurrency=2") == (2, {})
    assert migrate(tmp_path, platform, target, "--set", "min_concurrency=2", "--set", "max_concurrency=2")[0] in (0, 3)


@pytest.mark.parametrize(("platform", "target"), FORMS)
def test_the_defaults_that_are_told_are_those_of_the_form(platform: str, target: str, tmp_path: Path) -> None:
    _, files = migrate(tmp_path, platform, target)
    form = target if platform == "docker" else "worker"
    stated = defaults(form)  # type: ignore[arg-type]
    assert f"keep_alive {stated['keep_alive']} s" in files["MIGRATION.md"]
    assert stated["keep_alive"] == (60 if form in ("worker", "app") else 10)
    assert "{" not in files["MIGRATION.md"].partition("### Defaults")[2]


def test_a_refusal_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, "runpod")
    for setting in ("keep_alive=-5", "exposed_port=9000"):
        assert answer([str(root), "--set", setting, "--format", "json"]) == 2
        assert json.loads(capsys.readouterr().out)["status"] == "refused"


def test_a_batch_refuses_once_and_converts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, "runpod")
    assert answer(["batch", str(root), "--set", "keep_alive=-5"]) == 2
    assert capsys.readouterr().err.count("keep_alive is -5") == 1
    assert not (tmp_path / "p-fal").exists()


def test_every_machine_that_a_source_names_is_one_of_fals() -> None:
    from converters.fal.machine_types import ASSUMED_CPU, ASSUMED_GPU, NAMES
    from converters.sources.runpod.machines import GPU_NAMES, POOLS

    written = {
        ASSUMED_CPU,
        ASSUMED_GPU,
        *(one for _, one in GPU_NAMES),
        *(one for one, _ in POOLS.values()),
        *(one for _, one, _ in HARDWARE),
    }
    assert written <= set(NAMES)
