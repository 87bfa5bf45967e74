"""The targets of a server: settings in their places, registries, the Dockerfile for fal's builder, real loading by the SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.errors import UsageError
from converters.fal.settings import PARAMETERS
from converters.options import Options
from converters.outcome import Converted, FileChange
from converters.output import write
from tests.sources.docker.projects import project

SERVE = 'FROM python:3.11\nCOPY main.py .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
MAIN = "from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('/health')\ndef health():\n    return 1\n"
LOAD = """
import os, sys
os.environ["FAL_KEY"] = "a:b"
from fal.cli._utils import get_app_data_from_toml
data = get_app_data_from_toml(sys.argv[1])
if data.ref:
    from fal.api import FalServerlessHost
    from fal.utils import load_function_from
    path, _, name = data.ref.partition("::")
    loaded = load_function_from(FalServerlessHost("x"), path, name)
    options = loaded.function.options
else:
    options = data.options
print(repr({"auth": data.auth, **options.host, **options.gateway, **{k: v for k, v in options.environment.items() if k == "python_version"}}))
"""


def made(folder: Path, target: str = "auto", settings: dict[str, Any] | None = None, **files: str) -> Converted:
    project(folder, **{"Dockerfile": SERVE, "main_py": MAIN, **files})
    outcome = convert(folder, Options(target=target, settings=settings or {}))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    return outcome


def text(outcome: Converted, path: str) -> str:
    change: FileChange = next(one for one in outcome.files if one.path == path)
    assert change.data is not None
    return change.data.decode()


def loaded(outcome: Converted, folder: Path) -> str:
    """What the real SDK makes of the output."""
    output = write(outcome, folder / "output").path
    name = outcome.application.apps[0].name
    run = subprocess.run(
        [sys.executable, "-c", LOAD, name], cwd=output, capture_output=True, text=True, env={**os.environ, "HOME": str(folder)}
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip().splitlines()[-1]


ROWS: dict[str, tuple[Any, str]] = {
    "machine_type": (["GPU-H100", "GPU-A100"], "'machine_type': ['GPU-H100', 'GPU-A100']"),
    "num_gpus": (2, "'num_gpus': 2"),
    "exposed_port": (9000, "'exposed_port': 9000"),
    "keep_alive": (300, "'keep_alive': 300"),
    "min_concurrency": (1, "'min_concurrency': 1"),
    "max_concurrency": (5, "'max_concurrency': 5"),
    "max_multiplexing": (4, "'max_multiplexing': 4"),
    "concurrency_buffer": (1, "'concurrency_buffer': 1"),
    "concurrency_buffer_perc": (20, "'concurrency_buffer_perc': 20"),
    "scaling_delay": (30, "'scaling_delay': 30"),
    "request_timeout": (600, "'request_timeout': 600"),
    "startup_timeout": (900, "'startup_timeout': 900"),
    "regions": (["us-east"], "'regions': ['us-east']"),
    "secrets": (["HF_TOKEN"], "'secrets': ['HF_TOKEN']"),
    "termination_grace_period_seconds": (60, "'termination_grace_period_seconds': 60"),
    "health_check": ("/ready", "path='/ready'"),
    "setup_function": ("helpers:prepare", ""),
    "auth": ("public", "'auth': 'public'"),
    "serve": (True, ""),
    "metadata": ({"openapi": {"openapi": "3.1.0", "paths": {}}}, "'metadata': {'openapi': {'openapi': '3.1.0', 'paths': {}}}"),
    "local_python_modules": (["helpers"], ""),
    "python_version": ("3.12", ""),
    "requirements": (["torch"], ""),
    "image": ("acme/x:1", ""),
}


@pytest.mark.parametrize("target", ["pyproject", "function", "app"])
@pytest.mark.parametrize("name", ROWS)
def test_each_row_of_the_guides_table_is_set_or_refused(name: str, target: str, tmp_path: Path) -> None:
    value = ROWS[name][0]
    project(tmp_path / "p", Dockerfile=SERVE, main_py=MAIN, helpers_py="def prepare() -> None: ...\n")
    options = Options(target=target, settings={name: value})  # type: ignore[arg-type]
    if target not in PARAMETERS[name].forms:
        with pytest.raises(UsageError, match=f"--set {name} does not fit"):
            convert(tmp_path / "p", options)
        return
    outcome = convert(tmp_path / "p", options)
    assert isinstance(outcome, Converted), outcome
    written = text(outcome, "pyproject.toml") + ("" if target == "pyproject" else text(outcome, "app.py"))
    shown = {"setup_function": "from helpers import prepare"}.get(name, name)
    assert shown in written or str(value) in written


@pytest.mark.parametrize("target", ["pyproject", "function"])
def test_the_sdk_reads_every_setting(target: str, tmp_path: Path) -> None:
    settings = {name: value for name, (value, seen) in ROWS.items() if seen and target in PARAMETERS[name].forms}
    outcome = made(tmp_path / "p", target, settings)
    found = loaded(outcome, tmp_path)
    for name in settings:
        assert ROWS[name][1] in found, (name, found)


def test_the_sdk_reads_the_settings_of_a_proxy(tmp_path: Path) -> None:
    settings = {
        name: ROWS[name][0] for name in ("machine_type", "num_gpus", "keep_alive", "max_multiplexing", "regions", "request_timeout")
    }
    found = loaded(made(tmp_path / "p", "app", settings), tmp_path)
    for name in settings:
        assert ROWS[name][1] in found, (name, found)


@pytest.mark.parametrize(
    ("name", "value"),
    [("keep_alive", "long"), ("keep_alive", True), ("regions", ["mars"]), ("exposed_port", 70000), ("health_check", "ready"), ("nope", 1)],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: Any, tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=SERVE, main_py=MAIN)
    with pytest.raises(UsageError, match=name):
        convert(tmp_path, Options(settings={name: value}))


def test_without_settings_only_what_is_known_is_written(tmp_path: Path) -> None:
    written = text(made(tmp_path), "pyproject.toml")
    assert "keep_alive" not in written and "max_multiplexing" not in written and "\nsecrets = []" in written
    assert 'auth = "private"' in written and "exposed_port = 8000" in written


REGISTRIES = {
    "Docker Hub": ("acme/x:1", "https://index.docker.io/v1/", "acme"),
    "Artifact Registry": ("us-central1-docker.pkg.dev/p/r/x:1", "us-central1-docker.pkg.dev", "_json_key_base64"),
    "ECR": ("123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com", "AWS"),
    "ACR": ("acme.azurecr.io/x:1", "acme.azurecr.io", "<service-principal-app-id>"),
    "another": ("registry.acme.com:5000/x:1", "registry.acme.com:5000", "<user>"),
    "a public image": ("vllm/vllm-openai:latest", "", ""),
    "Docker's own": ("nginx:1", "", ""),
}


@pytest.mark.parametrize(("image", "host", "user"), REGISTRIES.values(), ids=REGISTRIES.keys())
def test_a_private_registry_gets_its_login(image: str, host: str, user: str, tmp_path: Path) -> None:
    compose = f"services:\n  a:\n    image: {image}\n    command: [uvicorn, 'm:a', --host, 0.0.0.0]\n    ports: ['80:8000']\n"
    project(tmp_path, compose_yml=compose)
    outcome = convert(tmp_path, Options())
    if "nginx" in image:
        assert not isinstance(outcome, Converted)
        return
    assert isinstance(outcome, Converted)
    server = outcome.application.apps[0].server
    assert server is not None
    assert [(one.host, one.username) for one in server.registries] == ([(host, user)] if host else [])
    assert ("registries" in text(outcome, "pyproject.toml")) == bool(host)


NORMAL = {
    "--from that is not first": (
        'FROM a AS b\nFROM python:3.11\nCOPY --chown=1 --from=b /x /x\nCMD ["uvicorn", "m:a", "--host", "0.0.0.0"]\n',
        {},
        "COPY --from=b --chown=1 /x /x\n",
    ),
    "a variable in a source": (
        'FROM python:3.11\nARG D=src\nCOPY ${D}/ /x/\nCMD ["uvicorn", "m:a", "--host", "0.0.0.0"]\n',
        {"src__m_py": ""},
        "COPY src/ /x/\n",
    ),
    "a bind mount": (
        'FROM python:3.11\nRUN --mount=type=bind,source=list.txt,target=/l pip install -r /l\nCMD ["uvicorn", "m:a", "--host", "0.0.0.0"]\n',
        {"list_txt": ""},
        "FROM scratch AS fal-context\nCOPY list.txt /fal-context/\nFROM fal-server\n",
    ),
    "a backslash at the end": (
        "FROM python:3.11 AS a\nCMD uvicorn m:a --host 0.0.0.0 \\\n",
        {"compose_yml": "services: {a: {build: ., environment: {A: 1}}}\n"},
        "--host 0.0.0.0 \n\nENV A=1\n",
    ),
}


@pytest.mark.parametrize(("dockerfile", "files", "expected"), NORMAL.values(), ids=NORMAL.keys())
def test_the_dockerfile_is_written_so_that_fals_client_reads_it(
    dockerfile: str, files: dict[str, str], expected: str, tmp_path: Path
) -> None:
    outcome = made(tmp_path, **{"Dockerfile": dockerfile, **files})
    assert expected in text(outcome, "Dockerfile")


def test_a_dockerfile_that_fal_reads_rightly_stays_as_it_is(tmp_path: Path) -> None:
    outcome = made(tmp_path)
    change = next(one for one in outcome.files if one.path == "Dockerfile")
    assert change.action == "copied" and change.data == SERVE.encode()


def test_the_context_of_a_folder_moves_into_the_sources(tmp_path: Path) -> None:
    outcome = made(
        tmp_path,
        api__Dockerfile='FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["uvicorn", "m:a", "--host", "0.0.0.0"]\n',
        api__m_py=MAIN,
        Dockerfile="FROM python:3.11\n",
    )
    assert "COPY api/ /app\n" in text(outcome, "api/Dockerfile")
    assert 'dockerfile = "api/Dockerfile"' in text(outcome, "pyproject.toml")


@pytest.mark.parametrize(("value", "line"), [('x\\"; RUN rm $$(id)', 'ENV A="x\\"; RUN rm \\$(id)"'), ('x\\"\\nRUN rm $$(id)', "")])
def test_values_cannot_leave_their_place(value: str, line: str, tmp_path: Path) -> None:
    outcome = made(tmp_path, compose_yml=f'services:\n  a:\n    build: .\n    environment:\n      A: "{value}"\n')
    lines = text(outcome, "Dockerfile").splitlines()
    assert [found for found in lines if found.startswith("RUN")] == []
    assert line in lines or (not line and "fal secrets set A=..." in text(outcome, "MIGRATION.md"))


@pytest.mark.parametrize("target", ["pyproject", "function", "app"])
def test_the_output_is_the_same_every_time(target: str, tmp_path: Path) -> None:
    first, second = made(tmp_path / "p", target), made(tmp_path / "p", target)
    assert [(one.path, one.data) for one in first.files] == [(one.path, one.data) for one in second.files]


def test_a_native_style_is_refused(tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=SERVE, main_py=MAIN)
    with pytest.raises(UsageError, match="native"):
        convert(tmp_path, Options(style="native"))


def test_an_old_python_is_named_where_fals_code_runs_in_the_image(tmp_path: Path) -> None:
    old = SERVE.replace("3.11", "3.8")
    assert any(item.rule == "ENV009" for item in made(tmp_path / "a", "app", Dockerfile=old).ledger.items())
    assert not any(item.rule == "ENV009" for item in made(tmp_path / "b", "pyproject", Dockerfile=old).ledger.items())
