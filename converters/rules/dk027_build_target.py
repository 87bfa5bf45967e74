"""DK027: a build target that is not the last stage."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK027",
    title="the built target becomes the last stage",
    safety="safe",
    explanation="""
    fal builds the last stage of a Dockerfile and knows no target. Where the server is an earlier stage, a line `FROM <stage>` at the
    end makes it the last one; nothing else changes, and the stages after it are not built.
    Check that the stage is the one that runs in production.
    """,
    links=(docker_docs("build/building/multi-stage/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an earlier stage becomes the last one",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": """
                FROM python:3.11-slim AS serve
                RUN pip install fastapi==0.115.0 uvicorn==0.30.0
                COPY main.py /app/main.py
                WORKDIR /app
                CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
                FROM serve AS test
                RUN pip install pytest==8.3.3
                """,
                "compose.yaml": """
                services:
                  api:
                    build:
                      context: .
                      target: serve
                    ports: ["8000:8000"]
                """,
            },
            has={"Dockerfile": ("\nFROM serve\n",)},
            why={"Dockerfile": ("DK027: the image is this target of the Dockerfile",)},
        ),
        Case("a Dockerfile of one stage has one target", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a worker's image is another matter", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
