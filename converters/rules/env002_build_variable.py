"""ENV002: variables that only matter to the build, to a shell or to RunPod's worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="ENV002",
    title="ENV DEBIAN_FRONTEND, PIP_..., PATH, RUNPOD_... go with the image",
    safety="safe",
    explanation="""
    `DEBIAN_FRONTEND`, `PIP_NO_CACHE_DIR`, `LANG`, `PATH` and their like steer the build or the image's shell, and `RUNPOD_*` steers
    RunPod's own worker: without the image, and without that worker, nobody reads them. In an image they stay.
    Check code of yours that reads one of them.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/development/environment-variables")),
    cases=(
        Case(
            "variables of the build and of RunPod's worker go",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV DEBIAN_FRONTEND=noninteractive \\
                    RUNPOD_LOG_LEVEL=DEBUG
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("dropped", 2, "Dockerfile"), Seen("dropped", 3, "Dockerfile")),
            lacks={"app.py": ("DEBIAN_FRONTEND", "RUNPOD_LOG_LEVEL")},
        ),
        Case(
            "a variable of the worker's own is not dropped",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODE=fast
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ("MODE",)},
        ),
        Case(
            "variables of the build stay in an image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV DEBIAN_FRONTEND=noninteractive
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("ENV DEBIAN_FRONTEND=noninteractive",)},
        ),
        Case(
            "what compose says of the host's GPUs and leaves empty has no part",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      NVIDIA_VISIBLE_DEVICES: all
                      EXTRA: ""
                """,
            },
            seen=(
                Seen("dropped", 6, "compose.yaml"),
                Seen("dropped", 7, "compose.yaml"),
            ),
        ),
        Case(
            "a variable of an exported endpoint that steers RunPod's worker is dropped",
            "converted",
            {
                "handler.py": WORKER,
            },
            seen=(Seen("dropped", 1, "endpoint.json"),),
            endpoint='{"env": {"RUNPOD_MAX_CONCURRENCY": "8"}}',
        ),
        Case(
            "what a script sets for the loader of its programs is dropped",
            "converted",
            {
                "handler.py": WORKER,
                "start.sh": """
                #!/bin/bash
                export LD_PRELOAD=/usr/lib/libtcmalloc.so
                nginx
                exec python -u /handler.py
                """,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("dropped", 2, "start.sh"),),
        ),
        Case(
            "a variable that steers the build of an image is dropped",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": PIP.replace("COPY", "ENV DEBIAN_FRONTEND=noninteractive\nCOPY"),
            },
            seen=(Seen("dropped", 3, "Dockerfile"),),
        ),
    ),
)
