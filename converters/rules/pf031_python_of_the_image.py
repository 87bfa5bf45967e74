"""PF031: the image's Python is not known, or is another than `python_version`."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="PF031",
    title="the image's Python is not known, or is another than `python_version`",
    safety="manual",
    expected="`python_version` is the Python of the image",
    explanation="""
    An app is pickled by the Python that deploys and unpickled by the image's, which must be of one minor version. Where the build says
    which Python the image has, `python_version` says the same; where nothing does, the version is assumed and marked so.
    Look it up in the image, write it as `python_version`, and deploy with that Python.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "an image that does not tell its Python is named",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("python:3.11-slim", "acme/tools:v9"),
            },
            has={"app.py": ("# python_version is assumed",)},
            status="partial",
        ),
        Case(
            "an environment of the base image does not tell its Python",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM acme/engine:v9
                RUN uv pip install --python /app/.venv/bin/python runpod
                COPY handler.py /handler.py
                CMD ["/app/.venv/bin/python", "-u", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("uv pip install --no-cache --python /app/.venv/bin/python fal",)},
            status="partial",
        ),
        Case(
            "an environment that pins its Python tells it",
            "untouched",
            {
                "handler.py": WORKER,
                "environment.yml": "name: work\ndependencies:\n  - python=3.10\n  - pip:\n      - runpod",
                "Dockerfile": """
                FROM continuumio/miniconda3
                COPY environment.yml .
                RUN conda env create -f environment.yml
                COPY handler.py /handler.py
                CMD ["conda", "run", "-n", "work", "python", "/handler.py"]
                """,
            },
            has={"app.py": ('python_version="3.10"',)},
        ),
        Case(
            "a release of vLLM's image tells its Python",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("python:3.11-slim", "vllm/vllm-openai:v0.11.2").replace('"python"', '"python3"'),
            },
            has={"app.py": ('python_version="3.12"',)},
        ),
        Case(
            "a tag of vLLM's image that is no release does not tell its Python",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("python:3.11-slim", "vllm/vllm-openai:latest").replace('"python"', '"python3"'),
            },
            status="partial",
        ),
        Case("an image of Python tells its version", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
