"""DK007: the working directory of the image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="DK007",
    title="WORKDIR -> the runner's working directory",
    safety="safe",
    explanation="""
    Relative paths of the code start from the working directory. Without an image the app's files stand in the runner's working
    directory as they stood in the image's; where the code lived in a folder below it, `setup()` changes to that folder.
    Check absolute paths such as `/app/assets`, which only an image has.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/import-code")),
    cases=(
        Case(
            "the working directory is the runner's",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                WORKDIR /app
                COPY handler.py .
                CMD ["python", "handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile"),),
        ),
        Case(
            "a working directory in a kept Dockerfile stays",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg
                WORKDIR /app
                COPY handler.py .
                CMD ["python", "handler.py"]
                """,
            },
            has={"Dockerfile": ("WORKDIR /app",)},
        ),
        Case(
            "a Dockerfile without the instruction works in the root",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
