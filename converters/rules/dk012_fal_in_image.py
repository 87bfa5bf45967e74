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
            has={
                "Dockerfile": (
                    "RUN python -m pip install --no-cache-dir fal",
                    "command -v curl",
                    "\n\n# fal needs these in the image, installed last\nRUN ",
                )
            },
            lacks={"Dockerfile": ("\n\n\n", "\r")},
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
            "an image whose Python may have no plain name gets one",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("python:3.11-slim", "acme/engine:v9-py3.11").replace('"python"', '"python3"'),
            },
            has={"Dockerfile": ('RUN command -v python >/dev/null || ln -s "$(command -v python3)" /usr/local/bin/python',)},
        ),
        Case(
            "of several Pythons in a base image the worker's becomes the one that fal starts",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM runpod/base:0.6.2-cuda12.1.0
                RUN apt-get update && apt-get install -y ffmpeg
                RUN python3.11 -m pip install runpod==1.7.9
                COPY handler.py /handler.py
                CMD python3.11 -u /handler.py
                """,
            },
            has={"Dockerfile": ('RUN ln -s "$(command -v python3.11)" /usr/local/bin/python',)},
        ),
        Case(
            "a base image with several Pythons whose plain name the build uses",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM runpod/base:0.6.2-cuda12.1.0
                RUN apt-get update && apt-get install -y ffmpeg
                RUN python -m pip install runpod==1.7.9
                COPY handler.py /handler.py
                CMD python -u /handler.py
                """,
            },
            lacks={"Dockerfile": ("ln -s",)},
        ),
        Case(
            "an image that starts its Python by the plain name has it",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("python:3.11-slim", "acme/engine:v9-py3.11")},
            lacks={"Dockerfile": ("ln -s",)},
        ),
        Case(
            "an image of Python has both names",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace('"python"', '"python3"')},
            lacks={"Dockerfile": ("ln -s",)},
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
        Case(
            "lines that are added end as the others of their file do",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.lstrip().replace("\n", "\r\n")},
            has={"Dockerfile": ("\r\n\r\n# fal needs these in the image, installed last\r\nRUN ",)},
        ),
    ),
)
