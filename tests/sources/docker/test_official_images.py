"""What official images of servers set by themselves holds for them and for what is FROM them."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ir import Disposition
from converters.ledger import Ledger
from converters.options import Options
from converters.sources.docker.official_images import IMAGES, official
from converters.sources.docker.reading import analyze
from tests.sources.docker.projects import app, project

SET = {
    "text-generation-inference": ("ghcr.io/huggingface/text-generation-inference:2.4.0", 80, True, "/health"),
    "text-generation-inference for Intel": ("ghcr.io/huggingface/text-generation-inference:2.4.0-intel-cpu", 80, False, "/health"),
    "text-embeddings-inference": ("ghcr.io/huggingface/text-embeddings-inference:1.6", 80, True, "/health"),
    "text-embeddings-inference for the processor": ("ghcr.io/huggingface/text-embeddings-inference:cpu-1.6", 80, False, "/health"),
    "vLLM": ("vllm/vllm-openai:v0.6.6", 8000, True, "/health"),
    "ollama": ("ollama/ollama:0.5.7", 11434, True, "/"),
    "llama.cpp": ("ghcr.io/ggml-org/llama.cpp:server", 8080, False, "/health"),
    "llama.cpp for CUDA": ("ghcr.io/ggml-org/llama.cpp:server-cuda", 8080, True, "/health"),
    "TorchServe": ("pytorch/torchserve:0.12.0-cpu", 8080, False, "/ping"),
    "TorchServe for a GPU": ("pytorch/torchserve:0.12.0-gpu", 8080, True, "/ping"),
    "infinity": ("michaelf34/infinity:0.0.76", 7997, True, "/health"),
    "infinity for the processor": ("michaelf34/infinity:0.0.76-cpu", 7997, False, "/health"),
    "ComfyUI": ("yanwk/comfyui-boot:cu124-slim", 8188, True, "/system_stats"),
    "A1111": ("ghcr.io/ai-dock/stable-diffusion-webui:latest-cuda", 7860, True, "/"),
    "TensorFlow Serving": ("tensorflow/serving:2.18.0", 8501, False, None),
    "nginx": ("nginx:1.27", 80, False, "/"),
}


@pytest.mark.parametrize(("image", "port", "gpu", "health"), SET.values(), ids=SET.keys())
@pytest.mark.parametrize("form", ["Dockerfile", "compose"])
def test_what_an_image_sets_holds(form: str, image: str, port: int, gpu: bool, health: str | None, tmp_path: Path) -> None:
    if form == "compose" and image.startswith("nginx"):
        return  # in compose it stands in front of something
    files = {"Dockerfile": f"FROM {image}\n"} if form == "Dockerfile" else {"compose_yml": f"services: {{llm: {{image: '{image}'}}}}\n"}
    ledger = Ledger()
    made = analyze(project(tmp_path, **files), Options(), ledger).apps[0]
    machine = made.setting("machine_type")
    assert made.server is not None and made.server.port == port and made.server.health_path == health
    assert machine is not None and str(machine.value).startswith("GPU") is gpu
    assert not [item for item in ledger.items() if item.rule == "DK024"]


def test_every_row_names_its_source_and_is_found_by_no_other() -> None:
    assert all(one.source.startswith("https://") for one in IMAGES)
    for image, *_ in SET.values():
        found = official(image)
        assert found is not None and sum(official(image) is one for one in IMAGES) == 1


OTHERS = ["acme/ollama-client:1", "python:3.11", "acme/my-vllm:1", "nginxinc/ingress:3", "acme/notollama/ollamax:1"]


@pytest.mark.parametrize("image", OTHERS)
def test_images_of_others_are_not_taken_for_official_ones(image: str) -> None:
    assert official(image) is None


def test_a_variable_of_ones_own_wins_over_the_images(tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile="FROM ghcr.io/huggingface/text-embeddings-inference:1.6\nENV PORT=8080 MODEL_ID=a/b\n")
    assert made.server is not None and made.server.port == 8080


CLONED = {
    "ComfyUI": (
        8188, "RUN git clone https://github.com/comfyanonymous/ComfyUI /c\nWORKDIR /c\n", '["python", "main.py", "--listen", "0.0.0.0"]'),
    "A1111": (
        7860, "RUN git clone --depth 1 https://github.com/AUTOMATIC1111/stable-diffusion-webui.git /w\nWORKDIR /w\n",
        '["python", "launch.py", "--listen", "--xformers"]'),
    "A1111 with arguments in a variable": (
        7861, ("RUN git clone https://github.com/AUTOMATIC1111/stable-diffusion-webui /w\nWORKDIR /w\n"
        'ENV COMMANDLINE_ARGS="--listen --port 7861"\n'), '["./webui.sh"]'),
}  # fmt: skip


@pytest.mark.parametrize(("port", "steps", "command"), CLONED.values(), ids=CLONED.keys())
def test_a_server_that_the_build_clones(port: int, steps: str, command: str, tmp_path: Path) -> None:
    ledger = Ledger()
    opened = project(tmp_path, Dockerfile=f"FROM nvidia/cuda:12.1.0-base-ubuntu22.04\n{steps}CMD {command}\n")
    made = analyze(opened, Options(), ledger).apps[0].server
    assert made is not None and made.port == port
    assert not [item for item in ledger.items() if item.rule == "DK024" and item.disposition is Disposition.MANUAL]


def test_a_cloned_library_is_no_server(tmp_path: Path) -> None:
    made = app(
        tmp_path,
        Dockerfile="FROM python:3.11\nRUN git clone https://github.com/acme/ComfyUI-nodes /n\nCOPY . /a\nWORKDIR /a\nEXPOSE 7000\n"
        'CMD ["python", "main.py"]\n',
        main_py="print(1)\n",
    ).server
    assert made is not None and made.port == 7000


def test_a_script_of_the_base_image_gets_none_of_what_the_images_own_start_passes(tmp_path: Path) -> None:
    start = 'ENTRYPOINT ["venv/bin/python", "-u", "webui.py", "--api", "--port", "7862"]\n'
    made = app(tmp_path, Dockerfile=f"FROM siutin/stable-diffusion-webui-docker:latest-cuda\nWORKDIR /app/webui\n{start}").server
    assert made is not None and made.port == 7862
    assert made.command[-2:] == ["--server-name", "0.0.0.0"]


@pytest.mark.parametrize(("where", "health"), [("app__main_py", "/ready"), ("main_py", "/ready"), ("notes_txt", None)])
def test_an_image_that_serves_an_application_reads_the_one_in_its_working_directory(where: str, health: str | None, tmp_path: Path) -> None:
    code = "from fastapi import FastAPI\napp = FastAPI(docs_url=None)\n@app.get('/ready')\ndef ready():\n    return 1\n"
    files = {"Dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY own ./\n", f"own__{where}": code}
    made = app(tmp_path, **files).server
    assert made is not None and (made.port, made.command) == (80, ["/start.sh"])
    assert made.health_path == health
