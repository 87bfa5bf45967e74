"""ENV009: Python versions that fal no longer supports."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, PREDICTOR, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="ENV009",
    title="python_version is raised to 3.10",
    safety="safe",
    expected="the Python of the image is 3.10 or newer",
    explanation="""
    fal supports Python 3.10 and newer, many old workers run 3.8. Where fal provides the interpreter the version is raised; in an
    image a newer one has to be installed by hand, because the image decides which Python it has.
    Check packages that have no wheels for the newer Python.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/fal-runtime")),
    cases=(
        Case(
            "an old Python in a plain Dockerfile is raised",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.8-slim
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 1, "Dockerfile"),),
            has={"app.py": ('python_version="3.10"',)},
        ),
        Case(
            "an old Python in an image is left to a person",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.8-slim
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("manual", 1, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a supported Python stays as it is",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            has={"app.py": ('python_version="3.11"',)},
        ),
        Case(
            "a project that states no Python gets a supported one",
            "untouched",
            {"handler.py": WORKER},
            has={"app.py": ('python_version="3.11"',)},
        ),
        Case(
            "an old Python of a cog.yaml is raised",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.8"
                predict: predict.py:Predictor
                """,
            },
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"MIGRATION.md": ("What changes", "raised to 3.10")},
        ),
        Case(
            "a server's image with an old Python is named for a function",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("python:3.11-slim", "python:3.8-slim"),
            },
            seen=(Seen("manual", 6, "Dockerfile", says="the image runs Python 3.8, and fal's code in it needs 3.10"),),
            target="function",
        ),
        Case(
            "a server's image whose Python nobody states is named for a function",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("python:3.11-slim", "acme/base:1"),
            },
            seen=(Seen("manual", 6, "Dockerfile"),),
            target="function",
            status="converted",
        ),
    ),
)
