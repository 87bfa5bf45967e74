"""PF035: a command of the build that the newest release of its program does not have."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

PROJECT = """
[tool.poetry]
name = "voices"
version = "1.0"
package-mode = false
"""


def _server(steps: str) -> dict[str, str]:
    lines = f"WORKDIR /app\nCOPY pyproject.toml /app/\nENV POETRY_VIRTUALENVS_CREATE=false\n{steps}\nRUN pip"
    return {"main.py": SERVER, "pyproject.toml": PROJECT, "Dockerfile": SERVER_IMAGE.replace("RUN pip", lines)}


def _worker(packages: str, command: str = "huggingface-cli download acme/voice") -> dict[str, str]:
    install = f"RUN pip install runpod==1.7.9 {packages}\nRUN {command}"
    return {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN pip install runpod==1.7.9", install)}


rule = Rule(
    code="PF035",
    title="a command of the build that its program no longer has",
    safety="manual",
    expected="every command of the build is one of the release that is installed",
    explanation="""
    pip takes the newest release of a program that is installed by its name alone. poetry 2.0 dropped `--no-dev` and moved `export` into a
    plugin, huggingface_hub 1.0 dropped `huggingface-cli`; the build ends there.
    Write the command of today, or pin the release that has it.
    """,
    links=(docker_docs("build/building/best-practices/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case("poetry without its option", "partial", _server("RUN pip install poetry && poetry install --no-root --no-dev"),
             seen=(Seen("manual", 5, "Dockerfile", says="write `--only main`."),), status="partial"),
        Case("poetry without its plugin", "partial", _server("RUN pip install poetry\nRUN poetry export -o requirements.txt"),
             seen=(Seen("manual", 6, "Dockerfile", says="install `poetry-plugin-export`"),), status="partial"),
        Case("the hub without its program", "partial", _worker("huggingface_hub transformers"),
             seen=(Seen("manual", 4, "Dockerfile", says="write `hf` in its place."),), status="partial"),
        Case("an older poetry that is pinned", "untouched", _server("RUN pip install poetry==1.8.5 && poetry install --no-root --no-dev")),
        Case("poetry with its plugin", "untouched",
             _server("RUN pip install poetry poetry-plugin-export && poetry export -o requirements.txt")),
        Case("an option that poetry has", "untouched", _server("RUN pip install poetry && poetry install --no-root --only main")),
        Case("a hub that an older package holds back", "untouched", _worker("huggingface_hub transformers==4.44.2")),
        Case("an older hub that is pinned", "untouched", _worker("'huggingface_hub<1'")),
        Case("a hub of the base image", "untouched", _worker("ffmpeg-python")),
        Case("a build that goes on without it", "untouched", _worker("huggingface_hub", "huggingface-cli download acme/voice || true")),
        Case("the hub's program of today", "untouched", _worker("huggingface_hub", "hf download acme/voice")),
    ),
)  # fmt: skip
