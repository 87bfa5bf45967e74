"""DK004: build commands that only keep house."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="DK004",
    title="apt-get update, rm -rf /var/lib/apt/lists, tools for a shell",
    safety="safe",
    explanation="""
    Commands that refresh package lists, empty caches, make folders or install tools for a person at a shell leave nothing that the
    worker's code needs. They go together with the image that they belong to.
    Check code that calls such a tool itself, for example `git` or `wget` through `subprocess`: ask for an image then.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "package lists and caches are of no use without an image",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y vim && rm -rf /var/lib/apt/lists/*
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("dropped", 2, "Dockerfile"),),
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "the same commands in a kept Dockerfile stay",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            has={"Dockerfile": ("RUN apt-get update && apt-get install -y ffmpeg",)},
        ),
        Case(
            "a system package that code needs is no house-keeping",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ("ContainerImage.from_dockerfile(",)},
        ),
    ),
)
