"""ENV011: variables that the code cannot do without and that nothing in the project sets."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="ENV011",
    title="a variable that only the console sets -> fal secrets set",
    safety="manual",
    expected="the variable is set, as a secret or by the app itself",
    explanation="""
    `os.environ["X"]` raises where X is not set, and so does a field of a pydantic-settings class that has no default (or the default
    None without being Optional, because settings classes validate their defaults). Where neither the Dockerfile nor the listing sets
    the variable, it was set in the source platform's console. fal hands secrets over as variables of the same name, so it is set with
    `fal secrets set X=...` before the first deployment, whether it is confidential or not.
    """,
    links=(
        runpod_docs("serverless/development/environment-variables"),
        fal_docs("documentation/development/manage-secrets-securely"),
    ),
    cases=(
        Case(
            "a variable that is looked up without a default is listed with its command",
            "partial",
            {
                "handler.py": """
                import os
                import runpod

                BUCKET = os.environ["RESULT_BUCKET"]

                def handler(job):
                    return {"text": job["input"]["prompt"], "bucket": BUCKET}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 4),),
            has={"MIGRATION.md": ("fal secrets set RESULT_BUCKET=",)},
            status="converted",
        ),
        Case(
            "a required field of a settings class is one, with its prefix",
            "partial",
            {
                "handler.py": """
                import runpod
                from pydantic_settings import BaseSettings

                class Settings(BaseSettings):
                    region: str = None
                    size: int = 3
                    zone: str | None = None

                    class Config:
                        env_prefix = "APP_"

                settings = Settings()

                def handler(job):
                    return {"text": job["input"]["prompt"], "region": settings.region}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 5),),
            has={"MIGRATION.md": ("fal secrets set APP_REGION=",)},
            lacks={"MIGRATION.md": ("set APP_SIZE", "set APP_ZONE")},
            status="converted",
        ),
        Case(
            "a variable with a default, or that the Dockerfile sets, is none",
            "untouched",
            {
                "handler.py": """
                import os
                import runpod

                MODEL = os.environ["MODEL_NAME"]
                SIZE = os.environ.get("SIZE", "3")

                def handler(job):
                    return {"text": job["input"]["prompt"], "model": MODEL, "size": SIZE}

                runpod.serverless.start({"handler": handler})
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODEL_NAME=small
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
        ),
        Case(
            "what a cluster's launcher sets is nobody's to set",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    "import runpod",
                    "import os\n\nimport runpod\n\n\ndef nodes():\n    return os.environ['SLURM_NTASKS'], os.environ['OMPI_COMM_RANK']",
                ),
            },
            lacks={"app.py": ('SLURM_NTASKS"]',), "MIGRATION.md": ("set SLURM_NTASKS", "set OMPI_COMM_RANK")},
        ),
        Case(
            "a variable that the code gives a value before it reads it is not asked for",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    "import runpod", "import os\n\nimport runpod\n\nos.environ['MODE'] = 'fast'\nMODE = os.environ['MODE']"
                ),
            },
            lacks={"app.py": ('secrets = ["MODE"]',)},
        ),
    ),
)
