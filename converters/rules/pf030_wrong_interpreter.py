"""PF030: the packages are in another Python than the one that fal starts."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="PF030",
    title="the packages are in another Python than the one that fal starts",
    safety="manual",
    expected="the interpreter that fal starts is the one that has the packages, and pip",
    explanation="""
    fal starts the `python` that PATH finds in the image; it runs neither CMD nor a start script. Where the worker ran in an environment
    that its start command named or activated, that environment is put first on PATH and fal is installed there. What is left is named:
    packages in a Python that fal does not start, an environment without pip, a system Python that refuses pip (PEP 668).
    Make the environment with the packages the first on PATH, before fal is installed.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a system Python that refuses pip is named",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM ubuntu:24.04
                RUN apt-get update && apt-get install -y ffmpeg python3-pip python-is-python3
                COPY handler.py /handler.py
                CMD ["python3", "/handler.py"]
                """,
            },
            status="partial",
        ),
        Case(
            "an environment that poetry keeps in its own cache is named",
            "partial",
            {
                "handler.py": WORKER,
                "pyproject.toml": '[tool.poetry]\nname = "w"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\nrunpod = "*"',
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install poetry
                COPY pyproject.toml handler.py /srv/
                WORKDIR /srv
                RUN poetry install
                CMD ["poetry", "run", "python", "-u", "handler.py"]
                """,
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "packages that poetry installs into the image's own Python are found",
            "untouched",
            {
                "handler.py": WORKER,
                "pyproject.toml": '[tool.poetry]\nname = "w"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\nrunpod = "*"',
                "Dockerfile": """
                FROM python:3.11-slim
                ENV POETRY_VIRTUALENVS_CREATE=false
                RUN pip install poetry
                COPY pyproject.toml handler.py /srv/
                WORKDIR /srv
                RUN poetry install
                CMD ["python", "-u", "handler.py"]
                """,
            },
        ),
        Case(
            "an image whose pip must be told gets fal in the same way",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM ubuntu:24.04
                RUN apt-get update && apt-get install -y ffmpeg python3-pip python-is-python3
                RUN pip install --break-system-packages runpod
                COPY handler.py /handler.py
                CMD ["python3", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("pip install --no-cache-dir --break-system-packages fal",)},
        ),
        Case(
            "an image of Alpine gets curl by apk",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-alpine
                RUN apk add ffmpeg && pip install runpod
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("apk add --no-cache curl",)},
            lacks={"Dockerfile": ("apt-get",)},
        ),
        Case(
            "an environment that a script activates comes first",
            "untouched",
            {
                "handler.py": WORKER,
                "start.sh": "source /opt/venv/bin/activate\npython -u /handler.py",
                "Dockerfile": """
                FROM nvidia/cuda:12.1.1-runtime-ubuntu22.04
                RUN apt-get update && apt-get install -y python3-venv ffmpeg
                RUN python3 -m venv /opt/venv && . /opt/venv/bin/activate && pip install runpod
                COPY handler.py start.sh /
                CMD ["bash", "/start.sh"]
                """,
            },
            has={"Dockerfile": ('ENV PATH="/opt/venv/bin:$PATH"', "RUN /opt/venv/bin/python -m pip install --no-cache-dir fal")},
        ),
        Case(
            "an environment of uv has fal installed by uv",
            "untouched",
            {
                "handler.py": WORKER,
                "pyproject.toml": '[project]\nname = "w"\nversion = "1"\ndependencies = ["runpod"]',
                "Dockerfile": """
                FROM python:3.11-slim
                COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv
                RUN apt-get update && apt-get install -y ffmpeg
                WORKDIR /app
                COPY pyproject.toml ./
                RUN uv sync
                COPY handler.py ./
                CMD ["uv", "run", "python", "handler.py"]
                """,
            },
            has={"Dockerfile": ('ENV PATH="/app/.venv/bin:$PATH"', "uv pip install --no-cache --python /app/.venv/bin/python fal")},
        ),
        Case("the Python of a Python image needs nothing", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
