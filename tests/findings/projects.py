"""Apps as a person could have broken them, each with one slip that the preflight names and knows how to mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.preflight.test_check import IMAGE

APP = '''
import os
import time

import fal
from fal.container import ContainerImage

HERE = os.path.dirname(__file__)


class Worker(fal.App, name="worker", python_version="3.11"):
    """Answers."""

    {settings}

    def setup(self):
        {setup}

    @fal.endpoint("/")
    def run(self) -> dict:
        return {{}}
'''
DOCKERFILE = """
FROM {base}
WORKDIR /srv
{lines}
RUN pip install fal
"""
FUNCTION = """
import fal
import torch


@fal.function(requirements=["torch"])
def run() -> dict:
    return {"sum": torch.ones(2).to("cuda").sum().item()}
"""
SERVER = """
[tool.fal.apps.web]
image = { dockerfile = "Dockerfile" }
exposed_port = 8000
machine_type = "L"
"""


def app(settings: str = IMAGE, setup: str = "pass") -> str:
    return APP.format(settings=settings, setup=setup)


def image(lines: str, base: str = "python:3.11-slim") -> str:
    return DOCKERFILE.format(lines=lines, base=base)


@dataclass(frozen=True)
class Broken:
    """A project with a finding of `rule` that its `edit` removes; `holds`: what a file holds afterwards."""

    id: str
    rule: str
    files: dict[str, str]
    holds: dict[str, str] = field(default_factory=dict)

    def written(self, folder: Path) -> Path:
        root = folder / "app"
        for path, text in self.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text.lstrip("\n"))
        return root


BROKEN = [
    Broken(
        "an apt package with another name",
        "PF009",
        {"app.py": app(), "Dockerfile": image("RUN apt-get update && apt-get install -y \\\n    git \\\n    libgl1-mesa-glx")},
        {"Dockerfile": "    libgl1\n"},
    ),
    Broken(
        "an apt package that is gone",
        "PF009",
        {"app.py": app(), "Dockerfile": image("RUN apt-get update && apt-get install -y software-properties-common git")},
        {"Dockerfile": "apt-get install -y git\n"},
    ),
    Broken(
        "a pin that gives way to fal's own",
        "PF032",
        {"app.py": app(setup="import pydantic"), "Dockerfile": image("RUN pip install pydantic==1.10.13")},
        {"Dockerfile": 'RUN pip install "pydantic!='},
    ),
    Broken(
        "the same pin in a list",
        "PF032",
        {
            "app.py": app(setup="import pydantic"),
            "requirements.txt": "pydantic==1.10.13\n",
            "Dockerfile": image("COPY requirements.txt .\nRUN pip install -r requirements.txt"),
        },
        {"requirements.txt": "pydantic!="},
    ),
    Broken(
        "PyTorch beside a NumPy that it does not know",
        "PF036",
        {
            "app.py": app(
                'machine_type = "GPU-A100"\n    requirements = ["torch==2.0.1", "numpy"]', "import torch, numpy; torch.ones(2).numpy()"
            )
        },
        {"app.py": 'requirements = ["torch==2.0.1", "numpy<2"]'},
    ),
    Broken(
        "a distribution that nothing builds any more",
        "PF034",
        {"app.py": app('machine_type = "GPU-A100"\n    requirements = ["openai-whisper==20231117"]')},
        {"app.py": 'requirements = ["openai-whisper==20250625"]'},
    ),
    Broken(
        "an option that poetry has no more",
        "PF035",
        {
            "app.py": app(),
            "Dockerfile": image("RUN pip install poetry\nRUN poetry config virtualenvs.create false && poetry install --no-dev"),
        },
        {"Dockerfile": "poetry install --only main\n"},
    ),
    Broken(
        "a file that fal's client leaves out by its own list",
        "PF007",
        {"app.py": app(), "notes.md": "hello\n", "Dockerfile": image("COPY notes.md .")},
        {".dockerignore": ".git\n"},
    ),
    Broken(
        "a file that the project's own list leaves out",
        "PF007",
        {"app.py": app(), "notes.txt": "hello\n", ".dockerignore": ".git\n*.txt\n", "Dockerfile": image("COPY notes.txt .")},
        {".dockerignore": ".git\n"},
    ),
    Broken(
        "a machine without a GPU",
        "PF020",
        {"app.py": app('machine_type = "S"\n    requirements = ["torch"]', 'import torch; torch.ones(2).to("cuda")')},
        {"app.py": 'machine_type = "GPU-A100"\n    requirements'},
    ),
    Broken(
        "no machine at all, in an app",
        "PF020",
        {"app.py": app('requirements = ["torch"]', 'import torch; torch.ones(2).to("cuda")')},
        {"app.py": '    """Answers."""\n\n    machine_type = \'GPU-A100\'\n    requirements'},
    ),
    Broken(
        "no machine at all, in a function",
        "PF020",
        {"app.py": FUNCTION},
        {"app.py": "@fal.function(machine_type='GPU-A100', requirements="},
    ),
    Broken(
        "a server's machine without a GPU",
        "PF020",
        {"pyproject.toml": SERVER, "Dockerfile": 'FROM vllm/vllm-openai:v0.6.0\nCMD ["--model", "a/b"]\n'},
        {"pyproject.toml": 'machine_type = "GPU-A100"'},
    ),
    Broken(
        "a wait that is longer than the start",
        "PF050",
        {
            "app.py": app(
                'machine_type = "S"', "self.wait()\n\n    def wait(self):\n        for _ in range(1200):\n            time.sleep(1)"
            )
        },
        {"app.py": "    startup_timeout = 1200\n"},
    ),
    Broken(
        "another Python than the image's",
        "PF031",
        {
            "app.py": app(),
            "Dockerfile": "FROM debian:12\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv\n"
            "RUN uv venv --python 3.12 --seed /opt/venv && uv pip install --python /opt/venv/bin/python fal\nENV PATH=/opt/venv/bin:$PATH\n",
        },
        {"app.py": 'python_version="3.12"'},
    ),
]
