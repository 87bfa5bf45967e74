"""RP017: a Python environment that lies on the network volume."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="RP017",
    title="a virtual environment on the network volume",
    safety="manual",
    expected="the packages are installed in the image",
    explanation="""
    Some start scripts activate a virtual environment that a person once installed on RunPod's network volume. Nothing of it is in
    the project or the image, and a folder of `/data` is no place for an environment that all runners share.
    Install its packages in the image, with the versions that `pip freeze` shows on the volume.
    """,
    links=(runpod_docs("serverless/storage/overview"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an environment on the volume is left to a person",
            "partial",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                source /runpod-volume/venv/bin/activate
                webui --port 3000 &
                python -u /handler.py
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py start.sh /
                CMD ["bash", "/start.sh"]
                """,
            },
            seen=(Seen("manual", 2, "start.sh"),),
            status="partial",
        ),
        Case(
            "an environment inside the image is in order",
            "untouched",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                source /venv/bin/activate
                webui --port 3000 &
                python -u /handler.py
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg && python -m venv /venv
                COPY handler.py start.sh /
                CMD ["bash", "/start.sh"]
                """,
            },
        ),
        Case(
            "a worker without a start script has no environment to activate",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
