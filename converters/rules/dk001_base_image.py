"""DK001: the base image gives the Python version and what it already contains."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="DK001",
    title="FROM -> python_version, and torch as a requirement",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    Where the Dockerfile only installs Python packages on a Python, CUDA or PyTorch base, no image is needed: fal builds the
    environment from `requirements`, and the wheels bring their own CUDA. The Python version of the base becomes `python_version`, and
    a torch that the base contains is listed with the version of its tag.
    Check the pins where a tag such as `latest` does not say a version.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "a Python base becomes a Python version",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP},
            seen=(Seen("converted", 1, "Dockerfile"),),
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
            seen=(Seen("converted", 1, "Dockerfile"),),
            has={"app.py": ('python_version="3.10"', "torch==2.1.0")},
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
