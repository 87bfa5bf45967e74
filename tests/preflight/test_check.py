"""`migrate check` of apps that a person wrote: what each row says, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.cli import answer

APP = """
import os

import fal
from fal.container import ContainerImage

HERE = os.path.dirname(__file__)


class Worker(fal.App, name="worker"{keywords}):
    {settings}

    def setup(self):
        {setup}

    @fal.endpoint("/")
    def run(self) -> dict:
        return {{}}
"""
FUNCTION = """
import fal
import torch


@fal.function(requirements=["torch"])
def run() -> dict:
    return {"sum": torch.ones(2).to("cuda").sum().item()}
"""
VENV = """
FROM debian:12
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv
RUN uv venv --python 3.11 --seed /opt/venv && uv pip install --python /opt/venv/bin/python fal
ENV PATH=/opt/venv/bin:$PATH
"""
IMAGE = 'image = ContainerImage.from_dockerfile(os.path.join(HERE, "Dockerfile"), context_dir=HERE)'
PYTHON = ', python_version="{}"'
READS = 'self.token = os.environ["ACME_TOKEN"]'
CUDA = 'import torch; self.sum = torch.ones(2).to("cuda").sum()'
GPU = "needs a GPU, and `machine_type` is {}:"


def written(settings: str = 'machine_type = "GPU-A100"', setup: str = "pass", keywords: str = PYTHON.format("3.11")) -> str:
    return APP.format(settings=settings, setup=setup, keywords=keywords)


NAMED = {
    "the Python of an environment in the image": (written(IMAGE, keywords=PYTHON.format("3.12")), "is 3.11 (/opt/venv): write 3.11"),
    "a variable that no secret gives": (written("secrets = []", READS), "the app needs the secret ACME_TOKEN: set it"),
    "a variable beside a list of secrets that is computed": (written("secrets = sorted(os.environ)", READS), "needs the secret ACME_TOKEN"),
    "the machine that an app gets without one": (written('secrets = []; requirements = ["torch"]', CUDA), GPU.format("S")),
    "the machine that a function gets without one": (FUNCTION, GPU.format("XS")),
}
QUIET = {
    "the Python of an environment that is the app's": written(IMAGE),
    "a variable that a secret gives": written('secrets = ["ACME_TOKEN"]', READS),
    "a machine with a GPU": written('machine_type = "GPU-A100"; requirements = ["torch"]', CUDA),
}


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> str:
    (folder / "app.py").write_text(text)
    (folder / "Dockerfile").write_text(VENV)
    answer(["check", str(folder)])
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("text", "said"), NAMED.values(), ids=NAMED)
def test_it_is_named(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in checked(tmp_path, text, capsys)


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_nothing_is_found(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing found" in checked(tmp_path, text, capsys)
