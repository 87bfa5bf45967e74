"""DK001: the base image gives the Python version and what it already contains."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

CUDA = """
FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04
RUN apt-get update && apt-get install -y python3 python3-pip
RUN pip install runpod
COPY handler.py /handler.py
CMD ["python3", "-u", "/handler.py"]
"""

TORCH_BASE = "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime"

rule = Rule(
    code="DK001",
    title="FROM -> python_version, and torch as a requirement",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    Where the Dockerfile only installs Python packages on a Python, CUDA or PyTorch base, no image is needed: fal builds the
    environment from `requirements`, and the wheels bring their own CUDA. The Python version of the base becomes `python_version`, and
    a torch that the base contains is listed with the version of its tag, and torchvision of the release that belongs to it.
    Packages that load CUDA's libraries from the system keep the image.
    Check the pins where a tag such as `latest` does not say a version.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "a Python base becomes a Python version",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP},
            seen=(Seen("converted", 1, "Dockerfile", says="python_version 3.11"),),
            has={"app.py": ('python_version="3.11"',)},
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a PyTorch base becomes a torch requirement of its version",
            "converted",
            {
                "handler.py": """
                import runpod
                import torch

                def handler(job):
                    return {"sum": torch.tensor(job["input"]["numbers"]).sum().item()}

                runpod.serverless.start({"handler": handler})
                """,
                "Dockerfile": """
                FROM runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04
                RUN pip install runpod==1.7.9
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 1, "Dockerfile", says="python_version 3.10 and torch 2.1.0 as a requirement"),),
            has={"app.py": ('python_version="3.10"', "torch==2.1.0")},
        ),
        *(
            Case(
                f"{what}",
                "converted",
                {
                    "handler.py": WORKER,
                    "Dockerfile": PIP.replace("python:3.11-slim", TORCH_BASE).replace("runpod==1.7.9", f"runpod==1.7.9 {more}"),
                },
                has={"app.py": has},
                lacks={"app.py": lacks},
            )
            for what, more, has, lacks in (
                (
                    "torchvision comes along from a PyTorch base, which packages import unsaid",
                    "timm",
                    ("torch==2.6.0", "torchvision==0.21.0"),
                    (),
                ),
                (
                    "torchvision goes with the torch that is installed over the base's",
                    "torch==2.4.1",
                    ("torch==2.4.1", "torchvision==0.19.1"),
                    ("0.21.0", "torch==2.6.0"),
                ),
                (
                    "a torch of no one release leaves the release of torchvision open",
                    "'torch<2.5'",
                    ("torch<2.5", '"torchvision"'),
                    ("0.21.0",),
                ),
                (
                    "a torchvision that is installed over the base's stays as it is",
                    "torchvision==0.21.1",
                    ("torchvision==0.21.1",),
                    ("0.21.0",),
                ),
                ("a torch that the base's satisfies leaves it there", "'torch>=2.5'", ("torch>=2.5", "torchvision==0.21.0"), ()),
            )
        ),
        Case(
            "a PyTorch base that stays needs no requirement",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("python:3.11-slim", TORCH_BASE)},
            lacks={"app.py": ("torchvision",)},
        ),
        Case(
            "a CUDA base gives way to wheels that bring their CUDA",
            "converted",
            {"handler.py": WORKER, "Dockerfile": CUDA.replace("runpod", "runpod torch==2.6.0 diffusers tensorflow[and-cuda]")},
            seen=(Seen("converted", 1, "Dockerfile"),),
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a CUDA base stays for a package that loads its libraries",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": CUDA.replace("runpod", "runpod faster-whisper==1.1.0")},
            has={"MIGRATION.md": ("faster-whisper needs the CUDA libraries of the base image",)},
        ),
        Case(
            "a CUDA base stays for wheels of an index that are built against it",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": CUDA.replace(
                    "runpod", "runpod llama-cpp-python --extra-index-url https://abetlen.github.io/llama-cpp-python/whl/cu121"
                ),
            },
            has={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a CUDA base stays for what is compiled against it",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": CUDA.replace("RUN pip install", 'RUN CMAKE_ARGS="-DGGML_CUDA=on" pip install llama-cpp-python'),
            },
            has={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a Python base gives way to the same package, which runs on the CPU there",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP.replace("runpod==1.7.9", "runpod==1.7.9 faster-whisper==1.1.0")},
            seen=(Seen("converted", 1, "Dockerfile"),),
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a base of a Dockerfile that is kept stays",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            has={"Dockerfile": ("FROM python:3.11-slim",)},
        ),
        Case(
            "a project without a Dockerfile has no base",
            "untouched",
            {"handler.py": WORKER},
        ),
    ),
)
