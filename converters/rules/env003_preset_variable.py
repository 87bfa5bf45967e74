"""ENV003: variables that fal sets, too, are assigned and not defaulted."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="ENV003",
    title="ENV HF_HOME -> os.environ[...] = ... in setup()",
    safety="safe",
    explanation="""
    fal sets `HF_HOME` on every runner, to a cache in `/data` that all runners share. A project that names another place would find
    its models gone if its value were only a default, so it is assigned in `setup()`. A value on RunPod's network volume is assigned
    as well, moved below `/data`, also where an image sets it.
    Check whether you want fal's shared cache instead: then take the line out.
    """,
    links=(
        runpod_docs("serverless/development/environment-variables"),
        fal_docs("documentation/development/download-model-weights-and-files"),
    ),
    cases=(
        Case(
            "a cache of the project's own is assigned",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV HF_HOME=/models
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile"),),
            has={"app.py": ('os.environ["HF_HOME"] = "/models"',)},
        ),
        Case(
            "a folder on the network volume moves below data",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV WEIGHTS=/runpod-volume/weights
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile", says="WEIGHTS is assigned in setup(), since the volume moves to /data"),),
            has={"app.py": ('os.environ["WEIGHTS"] = "/data/worker/weights"',)},
        ),
        Case(
            "a variable that fal does not set stays a default",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV TORCH_HOME=/models
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ('os.environ.setdefault("TORCH_HOME", "/models")',)},
        ),
        Case(
            "a project that names no cache gets fal's",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ("HF_HOME",)},
        ),
    ),
)
