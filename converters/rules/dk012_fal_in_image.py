"""DK012: what fal needs in an image, installed last."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="DK012",
    title="curl and fal at the end of a kept Dockerfile",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    fal runs its own server inside the image, so the image needs `curl` and the package `fal`, which brings pydantic and FastAPI in
    the versions that the server was built with. They are installed after everything else, so that nothing downgrades them, with the
    interpreter that the start command used and as root where the image has another user.
    Check packages of the image that need an older pydantic or protobuf.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "fal and curl are installed last",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            has={"Dockerfile": ("RUN python -m pip install --no-cache-dir fal", "command -v curl")},
        ),
        Case(
            "an image that installs curl itself needs no second one",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg curl
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("pip install --no-cache-dir fal",)},
            lacks={"Dockerfile": ("command -v curl",)},
        ),
        Case(
            "a list of requirements needs neither",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ('"fal"',)},
        ),
        Case(
            "a Dockerfile of something else is not added to",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE, "web/Dockerfile": "FROM nginx\nRUN apt-get install -y ffmpeg"},
            within=("web/Dockerfile",),
        ),
    ),
)
