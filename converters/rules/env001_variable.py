"""ENV001: variables that the Dockerfile sets reach the worker's code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="ENV001",
    title="ENV -> os.environ.setdefault in setup()",
    safety="safe",
    guide=("RunPod 19",),
    explanation="""
    A list of requirements has no ENV lines, so `setup()` sets the variables before the worker's code is imported, as defaults: a fal
    secret of the same name wins, as a variable of the endpoint won on RunPod. In an image the ENV line stays.
    Check the values against the endpoint in RunPod's console.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/development/environment-variables")),
    cases=(
        Case(
            "a variable is set before the code is imported",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODE=fast
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile"),),
            has={"app.py": ('os.environ.setdefault("MODE", "fast")',)},
        ),
        Case(
            "a variable of an image stays in it",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODE=fast
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("kept", 2, "Dockerfile"),),
            has={"Dockerfile": ("ENV MODE=fast",)},
            lacks={"app.py": ("MODE",)},
        ),
        Case(
            "a variable that only a shell line sets is none of the image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN MODE=fast true
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            lacks={"app.py": ("setdefault",)},
        ),
        Case(
            "a Dockerfile without variables sets none",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ("os.environ",)},
        ),
    ),
)
