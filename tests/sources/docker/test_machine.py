"""Which machine a server gets by what its image installs and its code does, where nothing reserves one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.docker.projects import app

WEB = "import torch\nfrom fastapi import FastAPI\napp = FastAPI()\n"
RUN = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN {run}\nCMD uvicorn main:app --host 0.0.0.0\n"

FOR_A_GPU = {
    "a requirement that runs on CUDA alone": {"requirements_txt": "fastapi\nvllm==0.6.6\n"},
    "a CUDA build": {"requirements_txt": "--extra-index-url https://download.pytorch.org/whl/cu121\ntorch==2.4.0+cu121\n"},
    "a package of a RUN line": {"Dockerfile": RUN.format(run="pip install fastapi onnxruntime-gpu")},
    "CUDA by conda": {"Dockerfile": RUN.format(run="conda install -y pytorch pytorch-cuda=11.6 -c pytorch -c nvidia")},
    "code that loads on CUDA": {"main_py": WEB + 'model = torch.nn.Linear(2, 2).to("cuda")\n'},
    "code of a module that the server imports": {
        "main_py": WEB + "import model\n",
        "model_py": 'import torch\nm = load(device="cuda:0")\n',
    },
}
FOR_NONE = {
    "plain packages": {"requirements_txt": "fastapi\n"},
    "PyTorch's builds for the processor": {
        "requirements_txt": "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==2.4.0+cpu\n"
    },
    "code that asks first": {"main_py": WEB + 'device = "cuda" if torch.cuda.is_available() else "cpu"\nm = torch.zeros(1).to(device)\n'},
    "a method by which others move an object": {"main_py": WEB + "class Box:\n    def cuda(self):\n        return Box(self.data.cuda())\n"},
    "a device of a rank, which a launcher gives": {"main_py": WEB + "def setup(rank):\n    return torch.device('cuda', rank)\n"},
    "a comment": {"main_py": WEB + '# model.to("cuda")\n'},
    "code that nothing runs": {"train_py": 'import torch\ntorch.zeros(1).to("cuda")\n'},
}


def machine_of(folder: Path, files: dict[str, str]) -> str:
    given = {"main_py": WEB, "Dockerfile": RUN.format(run="pip install -r requirements.txt"), **files}
    setting = app(folder, **given).setting("machine_type")
    assert setting is not None
    return str(setting.value)


@pytest.mark.parametrize("files", FOR_A_GPU.values(), ids=FOR_A_GPU.keys())
def test_what_runs_on_a_gpu_alone_gets_one(files: dict[str, str], tmp_path: Path) -> None:
    assert machine_of(tmp_path, files).startswith("GPU")


@pytest.mark.parametrize("files", FOR_NONE.values(), ids=FOR_NONE.keys())
def test_what_runs_without_one_gets_none(files: dict[str, str], tmp_path: Path) -> None:
    assert machine_of(tmp_path, files) == "L"
