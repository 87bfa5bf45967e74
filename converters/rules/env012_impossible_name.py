"""ENV012: names of variables that no system takes, and values that a Dockerfile cannot hold."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR, WORKER

SERVER = "FROM python:3.11\nCOPY main.py .\nCMD uvicorn main:app --host 0.0.0.0 --port 8000\n"
COMPOSE = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n    environment:\n      "
MAIN = "from fastapi import FastAPI\napp = FastAPI()\n"

rule = Rule(
    code="ENV012",
    title="names and values that cannot be right",
    safety="manual",
    expected="names and values of variables are ones that an environment can hold",
    explanation="""
    The name of an environment variable is made of letters, digits, `_`, `.` and `-`. A name with a line break, a blank or a sign that a
    shell obeys is a slip, or an attempt to write into the commands and Dockerfiles that are made from it: the variable is left out, and
    its place is told. A value with line breaks cannot stand in the ENV line of a Dockerfile either; it becomes a secret of fal, which
    reaches the server as a variable of the same name.
    Correct the name, or set the value with `fal secrets set`.
    """,
    links=(
        docker_docs("reference/dockerfile/#env"),
        fal_docs("documentation/development/manage-secrets-securely"),
    ),
    cases=(
        Case(
            "a name that would end a command is left out of every command",
            "partial",
            {
                "handler.py": """
                import os
                import runpod

                TOKEN = os.environ["HF_TOKEN; touch made"]

                def handler(job):
                    return {"text": job["input"]["prompt"], "token": TOKEN}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 4),),
            lacks={"MIGRATION.md": ("fal secrets set HF_TOKEN; touch",)},
        ),
        Case(
            "a name with a line break in a compose file",
            "partial",
            {
                "Dockerfile": SERVER,
                "main.py": MAIN,
                "compose.yaml": COMPOSE + '"A\\nRUN touch made": x\n',
            },
            seen=(Seen("manual", 6, "compose.yaml"),),
            lacks={"Dockerfile": ("RUN touch made",)},
        ),
        Case(
            "a value of several lines becomes a secret",
            "partial",
            {
                "Dockerfile": SERVER,
                "main.py": MAIN,
                "compose.yaml": COMPOSE + "GREETING: |\n        a\n        b\n",
            },
            seen=(Seen("manual", 6, "compose.yaml"),),
            has={"MIGRATION.md": ("fal secrets set GREETING=",), "pyproject.toml": ('secrets = ["GREETING"]',)},
            lacks={"Dockerfile": ("GREETING",)},
            status="converted",
        ),
        Case(
            "ordinary names and values are set",
            "untouched",
            {
                "Dockerfile": SERVER,
                "main.py": MAIN,
                "compose.yaml": COMPOSE + 'spring.level: "a b; c"\n',
            },
            has={"Dockerfile": ('ENV spring.level="a b; c"',)},
        ),
        Case("a worker without variables", "untouched", {"handler.py": WORKER}),
        Case(
            "a variable of a cog.yaml whose name no system takes is left out",
            "partial",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": COG + 'environment: ["A B=1", "C=2"]\n',
            },
            seen=(Seen("manual", 4, "cog.yaml"), Seen("converted", 4, "cog.yaml", "RC030")),
        ),
    ),
)
