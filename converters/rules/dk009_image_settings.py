"""DK009: instructions that only describe or steer an image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="DK009",
    title="LABEL, EXPOSE, USER, SHELL, ARG ... of a Dockerfile that gives way",
    safety="safe",
    explanation="""
    Without an image these instructions have nothing to act on: labels describe the old image, a queue worker has no port, fal
    decides about user, signals and health checks, and a build argument has no build. In a kept Dockerfile they all stay.
    Check an ARG that ends up in a package's version: such a requirement is kept in an image instead.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "labels and ports go with the image",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                LABEL team=vision
                EXPOSE 8000
                SHELL ["/bin/bash", "-c"]
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("dropped", 2, "Dockerfile"), Seen("dropped", 3, "Dockerfile"), Seen("dropped", 4, "Dockerfile")),
            status="converted",
        ),
        Case(
            "labels of a kept Dockerfile stay",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                LABEL team=vision
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("LABEL team=vision",)},
        ),
        Case(
            "a Dockerfile without such lines loses none",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
