"""DK003: commands that set up a Python interpreter."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="DK003",
    title="installing Python -> python_version",
    safety="safe",
    explanation="""
    CUDA images have no Python of their own, so their Dockerfiles install one with apt, deadsnakes or a virtual environment. fal
    provides the interpreter that `python_version` names, so these commands go, and the version that they name is the one written.
    Check `python_version` where the Dockerfile installs several.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/fal-runtime")),
    cases=(
        Case(
            "a Python from apt becomes the Python version",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04
                RUN apt-get update && apt-get install -y python3.11 python3-pip
                RUN python3.11 -m pip install numpy==1.26.4
                COPY handler.py /handler.py
                CMD ["python3.11", "/handler.py"]
                """,
            },
            seen=(Seen("dropped", 2, "Dockerfile"),),
            has={"app.py": ('python_version="3.11"', 'requirements = ["numpy==1.26.4"]')},
        ),
        Case(
            "an interpreter in a kept Dockerfile stays",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04
                RUN apt-get update && apt-get install -y python3.11 python3-pip ffmpeg
                COPY handler.py /handler.py
                CMD ["python3.11", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("python3.11 python3-pip ffmpeg",)},
        ),
        Case(
            "a folder of packages of another Python does not say which one the image has",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04
                RUN apt-get update && apt-get install -y python3 python3-pip ffmpeg
                RUN python3 -m compileall /usr/local/lib/python3.12/dist-packages || true
                COPY handler.py /handler.py
                CMD ["python3", "/handler.py"]
                """,
            },
            has={"app.py": ('python_version="3.10"',)},
        ),
        Case(
            "a Python base image needs no command",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
