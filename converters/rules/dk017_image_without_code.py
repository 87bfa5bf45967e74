"""DK017: an image that takes the worker's code from elsewhere."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="DK017",
    title="a Dockerfile that copies none of the worker's code",
    safety="manual",
    expected="the image holds the program that it starts, at the place where it is started",
    explanation="""
    Some images clone their own repository during the build, or get the code from a base image, so what runs on RunPod is not simply
    the project at hand. The files of the project are added at the end of the Dockerfile, where `setup()` finds them.
    Check that they are the version you want to serve, and where they must stand.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an image that clones its repository gets the files of the project",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y git ffmpeg
                RUN git clone https://example.com/me/worker /src
                CMD ["python", "/src/handler.py"]
                """,
            },
            seen=(Seen("manual", 1, "Dockerfile"),),
            has={"Dockerfile": ("handler.py",)},
            status="partial",
        ),
        Case(
            "an image that copies the handler is complete",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
        ),
        Case(
            "a project without an image has nothing to copy into",
            "untouched",
            {"handler.py": WORKER},
        ),
    ),
)
