"""DK002: pip lines become requirements."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="DK002",
    title="RUN pip install ... -> requirements",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    Every package that the Dockerfile installs with pip or uv, also through requirement files, is listed in `requirements` with its
    pin; an index or `--pre` applies to its own layer only, as it did in the build. `runpod` itself goes where no kept code uses it.
    Check packages without a version: fal resolves them when the environment is built.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "packages and requirement files are listed with their pins",
            "converted",
            {
                "handler.py": WORKER,
                "requirements.txt": """
                runpod==1.7.9
                numpy==1.26.4  # for arrays
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                COPY requirements.txt .
                RUN pip install --no-cache-dir -r requirements.txt && pip install pillow==10.4.0
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 3, "Dockerfile"),),
            has={"app.py": ('requirements = ["numpy==1.26.4", "pillow==10.4.0"]',)},
        ),
        Case(
            "an index stays with its own packages",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install numpy==1.26.4
                RUN pip install torch==2.4.0 --index-url https://download.pytorch.org/whl/cu121
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ('["numpy==1.26.4"]', '["--index-url", "https://download.pytorch.org/whl/cu121", "torch==2.4.0"]')},
        ),
        Case(
            "pip lines of a kept Dockerfile stay in it",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            has={"Dockerfile": ("RUN pip install runpod==1.7.9",)},
            lacks={"app.py": ("requirements =",)},
        ),
        Case(
            "an upgrade of pip alone asks for no package",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install --upgrade pip
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            lacks={"app.py": ("requirements =",)},
        ),
    ),
)
