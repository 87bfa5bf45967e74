"""DK029: bind mounts of a build, and what fal needs at its end."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK029",
    title="RUN --mount=type=bind, seen from the folder of pyproject.toml",
    safety="safe",
    explanation="""
    A bind mount reads files of the context while a command runs. Its source is written as seen from the folder of pyproject.toml, and
    the files are named in a COPY line of a stage of their own, so that fal's client sends them.
    Check nothing: the paths are computed.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a mounted requirement file is sent along",
            "converted",
            {
                "api/main.py": SERVER,
                "api/requirements.txt": "fastapi==0.115.0\nuvicorn==0.30.0",
                "api/Dockerfile": """
                FROM python:3.11-slim
                RUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt pip install -r /tmp/r.txt
                COPY main.py /app/main.py
                WORKDIR /app
                CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
                """,
            },
            has={"api/Dockerfile": ("--mount=type=bind,target=/tmp/r.txt,source=api/requirements.txt",)},
            why={"api/Dockerfile": ("DK029: what fal needs comes last",)},
        ),
        Case("a command without mounts stays", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a queue worker's image is another matter", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
