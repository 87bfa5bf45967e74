"""ENV006: folders of PYTHONPATH."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="ENV006",
    title="ENV PYTHONPATH -> sys.path in setup()",
    safety="safe",
    explanation="""
    Python reads PYTHONPATH when it starts, which on fal happens before any line of the app. Its folders are therefore put on
    `sys.path` in `setup()`, in front of installed packages, where PYTHONPATH would have put them; in an image the line stays as well.
    Check folders that the build makes: without an image only folders of the project exist.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/import-code")),
    cases=(
        Case(
            "a folder of modules is found as before",
            "converted",
            {
                "handler.py": """
                import runpod
                from helper import up

                def handler(job):
                    return {"text": up(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "lib/helper.py": """
                def up(text):
                    return text.upper()
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV PYTHONPATH=/lib
                COPY . /
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile"),),
            has={"app.py": ("sys.path", '"lib"')},
        ),
        Case(
            "another variable with PATH in its name is an ordinary one",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODEL_PATH=/models
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ('os.environ.setdefault("MODEL_PATH", "/models")',)},
        ),
        Case(
            "a Dockerfile without PYTHONPATH adds no folder",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
