"""DK037: a machine type where the server's project states none."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import COG, IMAGE, PREDICTOR, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK037",
    title="machine_type is assumed where nothing states a GPU",
    safety="manual",
    expected="`machine_type` is chosen by what the model needs, and nothing about it is assumed",
    explanation="""
    An image does not say on which machine it runs. The type is assumed from the base image, the devices that compose reserves and the
    packages, and marked as assumed in the app's table.
    Choose the machine by the memory that the model needs.
    """,
    links=(docker_docs("reference/compose-file/deploy/"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "a server without a GPU gets a CPU",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            has={
                "pyproject.toml": ('machine_type = "L" # assumed',),
                "MIGRATION.md": (
                    "` L is assumed (nothing asks for a GPU): choose the machine by the memory that the model needs. (DK037)",
                ),
            },
            status="converted",
        ),
        Case("a queue worker has a rule of its own", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case("a predictor has a rule of its own", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "code that would use a GPU is named with the machine that has none",
            "partial",
            {
                "main.py": SERVER.replace("app = ", 'import torch\n\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\napp = '),
                "Dockerfile": SERVER_IMAGE,
            },
            seen=(Seen("manual", 3, "main.py", says="which uses one where there is one"),),
            status="converted",
        ),
        Case(
            "a server's image that is made for a GPU gets one",
            "partial",
            {
                "compose.yaml": """
                services:
                  tei:
                    image: ghcr.io/huggingface/text-embeddings-inference:1.5
                    ports: ["8080:80"]
                    command: --model-id BAAI/bge-small-en
                """
            },
            has={"pyproject.toml": ('machine_type = "GPU-A100"',)},
        ),
        Case(
            "a server's image that is made for a processor gets none",
            "partial",
            {
                "compose.yaml": """
                services:
                  tei:
                    image: ghcr.io/huggingface/text-embeddings-inference:cpu-1.5
                    ports: ["8080:80"]
                    command: --model-id BAAI/bge-small-en
                """
            },
            has={"pyproject.toml": ('machine_type = "L"',)},
        ),
        Case(
            "a library that the Dockerfile installs for a GPU asks for one",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("RUN pip", "RUN pip install onnxruntime-gpu==1.18.0\nRUN pip")},
            seen=(Seen("manual", 2, "Dockerfile", says="GPU-A100 is assumed (the Dockerfile installs CUDA)"),),
            status="converted",
        ),
        Case(
            "a program of the image that the server starts asks for a GPU",
            "partial",
            {
                "main.py": SERVER.replace("app = ", 'import subprocess\n\nengine = subprocess.Popen(["python", "/srv/engine.py"])\napp = '),
                "engine.py": "import torch\n\ntorch.cuda.synchronize()\n",
                "Dockerfile": SERVER_IMAGE.replace("CMD", "COPY engine.py /srv/engine.py\nCMD"),
            },
            seen=(Seen("manual", 3, "engine.py", says="GPU-A100 is assumed (`torch.cuda.synchronize()` in the code)"),),
            status="converted",
        ),
        Case(
            "a ready image whose variables are those of a GPU's asks for one",
            "partial",
            {"README.md": "speech"},
            image="""
            [{"RepoTags": ["acme/speech:1"], "Architecture": "amd64", "Os": "linux", "Config": {
              "Env": ["PATH=/usr/bin", "NVIDIA_VISIBLE_DEVICES=all"], "ExposedPorts": {"8000/tcp": {}},
              "Cmd": ["uvicorn", "main:app", "--port", "8000", "--host", "0.0.0.0"]
            }}]
            """,
            seen=(Seen("manual", 3, "image.json", says="GPU-A100 is assumed (the image holds CUDA)"),),
            status="converted",
        ),
    ),
)
