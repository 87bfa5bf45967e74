"""DK008: the command that starts the worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="DK008",
    title="CMD and ENTRYPOINT go: fal starts the app",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    The command ran the handler's file, which started RunPod's loop. fal starts the app itself, and `setup()` loads what the file
    loaded; arguments of the command reach code that reads `sys.argv`. In a kept Dockerfile the last stage's CMD and ENTRYPOINT are
    taken out, because they would start the old worker.
    Check start scripts that do more than start the worker, such as launching a server.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "the command goes with the Dockerfile",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP},
            seen=(Seen("converted", 4, "Dockerfile"),),
        ),
        Case(
            "the command is taken out of a kept Dockerfile",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            seen=(Seen("converted", 5, "Dockerfile"),),
            lacks={"Dockerfile": ("CMD",)},
        ),
        Case(
            "the command of an image for something else stays",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP, "web/Dockerfile": 'FROM nginx\nCMD ["nginx"]'},
            within=("web/Dockerfile",),
        ),
        Case(
            "a Dockerfile without a command has none to take out",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": "FROM python:3.11-slim\nRUN pip install numpy==1.26.4\nCOPY handler.py /handler.py"},
        ),
    ),
)
