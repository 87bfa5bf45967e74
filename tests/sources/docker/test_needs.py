"""What a server needs to start, what its build fetches, and which volumes mean something on fal."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ledger import Ledger
from converters.options import Options
from converters.sources.docker.needs import demanded
from converters.sources.docker.reading import analyze
from tests.sources.docker.projects import app, project

DEMANDED = {
    "an empty one ends the script": ('if [ -z "$MODE" ]; then\n  echo no\n  exit 1\nfi\nserve\n', ["MODE"]),
    "in double brackets, on one line": ("[[ -z ${MODE} ]] && { echo no; exit 2; }\nserve\n", ["MODE"]),
    "or it is there": ('[ -n "$MODE" ] || exit 1\nserve\n', ["MODE"]),
    "by the shell's own check": ("serve --mode ${MODE:?is missing}\n", ["MODE"]),
    "a default in the branch": ('if [ -z "$MODE" ]; then\n  MODE=a\nfi\nserve\n', []),
    "a default before": ('MODE=${MODE:-a}\nif [ -z "$MODE" ]; then exit 1; fi\n', []),
    "a default that the shell assigns": (': "${MODE:=a}"\nif [ -z "$MODE" ]; then exit 1; fi\n', []),
    "a branch without an end": ('if [ -z "$MODE" ]; then\n  echo plain\nfi\nif ! serve; then\n  exit 1\nfi\n', []),
    "a clean end": ('if [ -z "$MODE" ]; then\n  exit 0\nfi\n', []),
    "another branch ends": ('if [ -z "$MODE" ]; then\n  echo a\nelse\n  exit 1\nfi\n', []),
}


@pytest.mark.parametrize(("script", "names"), DEMANDED.values(), ids=DEMANDED.keys())
def test_variables_that_a_script_ends_without(script: str, names: list[str]) -> None:
    assert [name for name, _ in demanded(script)] == names


START = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n{env}ENTRYPOINT ["./run.sh"]\n'
RUN = '#!/bin/sh\nif [ -z "$MODE" ]; then exit 1; fi\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n'
WEB = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nROUTE = os.environ['ROUTE']\nLEVEL = os.environ.get('LEVEL', 'info')\n"


def test_what_scripts_and_code_insist_on_is_asked_for(tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile=START.format(env=""), run_sh=RUN, main_py=WEB)
    assert {one.name for one in made.secrets} == {"MODE", "ROUTE"}


def test_what_the_image_sets_is_not_asked_for(tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile=START.format(env="ENV MODE=a ROUTE=/b\n"), run_sh=RUN, main_py=WEB)
    assert not made.secrets


STEPS = {
    "weights by curl": ("curl -Lo /m/tiny.bin https://example.com/tiny.bin", True),
    "weights of a release": ("wget https://github.com/a/b/releases/download/v1/model.pth", True),
    "an archive of unknown content": ("wget https://example.com/faces.tar", True),
    "a script that downloads": ("python fetch.py", True),
    "an installer": ("curl -sSL https://install.python-poetry.org | python3 -", False),
    "a tool chain": ("curl https://sh.rustup.rs -sSf | sh -s -- -y", False),
    "a signing key": ("wget -q https://apt.example.com/key.gpg -O /usr/share/keyrings/a.gpg", False),
    "a program of a release": ("curl -LO https://github.com/a/protobuf/releases/download/v25.1/protoc-25.1.zip", False),
    "a build of the project": ("python setup.py build_ext --inplace", False),
    "a script that fetches nothing": ("python check.py", False),
}


@pytest.mark.parametrize(("step", "data"), STEPS.values(), ids=STEPS.keys())
def test_what_a_build_step_fetches(step: str, data: bool, tmp_path: Path) -> None:
    files = {"fetch_py": "import urllib.request\nurllib.request.urlretrieve('u', 'f')\n", "check_py": "print(1)\n", "main_py": "app = 1\n"}
    made = app(tmp_path, Dockerfile=f"FROM python:3.11\nCOPY . .\nRUN {step}\nCMD uvicorn main:app --host 0.0.0.0\n", **files)
    assert bool(made.weights) is data


def volumes(folder: Path, volume: str, **files: str) -> list[str]:
    ledger = Ledger()
    compose = f"services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    volumes: ['{volume}']\n"
    dockerfile = "FROM python:3.11\nCOPY main.py .\nCMD uvicorn main:app --host 0.0.0.0\n"
    analyze(project(folder, Dockerfile=dockerfile, main_py="app = 1\n", compose_yml=compose, **files), Options(), ledger)
    return [item.message for item in ledger.items() if item.rule == "DK031"]


def test_files_that_lie_over_data_are_uploaded_and_never_copied(tmp_path: Path) -> None:
    messages = volumes(tmp_path, "./data:/data", data__a_txt="a")
    assert any("fal files upload data" in message for message in messages) and not any("COPY" in message for message in messages)


@pytest.mark.parametrize("name", [".gitignore", ".gitkeep", "README.md"])
def test_a_folder_with_a_placeholder_holds_nothing_to_copy(name: str, tmp_path: Path) -> None:
    messages = volumes(tmp_path, "./models:/app/models", **{f"models__{name}": "*"})
    assert messages and not any("COPY" in message for message in messages)


def test_a_folder_with_files_is_copied_in_the_dockerfile(tmp_path: Path) -> None:
    assert any("COPY it there" in message for message in volumes(tmp_path, "./conf:/app/conf", conf__a_txt="a"))
