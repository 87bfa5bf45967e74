"""PF010: a variable that the app cannot do without."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

STORES = """
import os

import boto3, botocore
import runpod

BUCKET = os.getenv("MODELS_BUCKET")


def handler(job):
    client = boto3.client("s3", config=botocore.client.Config(signature_version=botocore.UNSIGNED))
    client.download_file(Bucket=BUCKET, Key=job["input"]["key"], Filename="/tmp/model")
    return {"size": os.path.getsize("/tmp/model")}


runpod.serverless.start({"handler": handler})
"""
"""A worker that passes on a variable, which line 6 reads without a default."""


def _stores(before: str, after: str, listed: str) -> Case:
    """The worker with another read or use of the variable, of which MIGRATION.md says what is `listed`."""
    files = {"handler.py": STORES.replace(before, after), "requirements.txt": "boto3==1.35.0\nrunpod==1.7.9"}
    return Case(
        f"a variable that is read as `{after}` is {listed}", "untouched", files, has={"MIGRATION.md": (f"| `MODELS_BUCKET` | {listed} |",)}
    )


def _cloud(call: str, listed: str) -> Case:
    """A worker whose client of AWS is made by a call, with `AWS_ACCESS_KEY_ID` in MIGRATION.md as `listed`; '' for not at all."""
    code = WORKER.replace("import runpod", f"import boto3\nimport runpod\n\nKEY = 'a'\nclient = {call}")
    row = f"| `AWS_ACCESS_KEY_ID` | {listed}, secret |"
    return Case(
        f"credentials of AWS for `{call}`",
        "partial" if listed == "required" else "untouched",
        {"handler.py": code, "requirements.txt": "boto3==1.35.0\nrunpod==1.7.9"},
        has={"MIGRATION.md": (row,) if listed else ()},
        lacks={} if listed else {"MIGRATION.md": ("AWS_ACCESS_KEY_ID",)},
        status="converted",
    )


STORE = """
import os

import boto3

s3 = boto3.client("s3", profile_name="models")
s3.upload_file("/tmp/a", os.getenv("MODELS_BUCKET"), "a")
"""


rule = Rule(
    code="PF010",
    title="a variable that the app cannot do without",
    safety="manual",
    expected="every secret and variable that the code does not do without is set",
    explanation="""
    Everything that runs is read for variables: `os.environ` under any name, `getenv` whose absence is refused, settings classes, scripts
    that end without one, and calls of libraries that read a key from the environment. What nothing in the output sets is asked for; so is
    what the code reads without a default and passes on as it is, followed through constants, attributes and parameters. Reads that have a
    default, or that the code asks for first, are listed as optional, and those of which reading does not tell as not known. MIGRATION.md
    shows all of them as the environment of the old endpoint.
    Set each with `fal secrets set`, which is how a value gets in from outside.
    """,
    links=(
        runpod_docs("serverless/development/environment-variables"),
        fal_docs("documentation/development/manage-secrets-securely"),
    ),
    cases=(
        Case(
            "a key that a library reads is asked for",
            "partial",
            {
                "handler.py": """
                import runpod
                from openai import OpenAI

                client = OpenAI()

                def handler(job):
                    return {"text": client.responses.create(input=job["input"]["prompt"]).output_text}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "openai==1.60.0",
            },
            status="converted",
            has={"MIGRATION.md": ("the app needs the secret OPENAI_API_KEY (`openai.OpenAI` reads it): set it",)},
        ),
        _cloud('boto3.client("s3")', "required"),
        _cloud('boto3.Session().client("s3")', "required"),
        _cloud('boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=KEY)', ""),
        _cloud('boto3.client("s3") if KEY else None', "not known"),
        Case(
            "a variable that the code asks for first is not demanded",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    "def handler", 'RANK = os.environ["RANK"] if "RANK" in os.environ else "0"\n\n\ndef handler'
                ).replace("import runpod", "import os\n\nimport runpod")
            },
        ),
        Case(
            "a variable that the image sets is not demanded",
            "untouched",
            {
                "main.py": SERVER.replace("app = ", 'import os\n\nMODE = os.environ["MODE"]\napp = '),
                "Dockerfile": SERVER_IMAGE.replace("COPY", "ENV MODE=fast\nCOPY"),
            },
        ),
        Case(
            "a variable that is passed on without a default is asked for",
            "partial",
            {"handler.py": STORES, "requirements.txt": "boto3==1.35.0\nrunpod==1.7.9"},
            seen=(Seen("manual", 6, says="the code reads the variable MODELS_BUCKET without a default"),),
            has={"MIGRATION.md": ("fal secrets set MODELS_BUCKET=", "| `MODELS_BUCKET` | used without a default |")},
            status="converted",
        ),
        _stores('os.getenv("MODELS_BUCKET")', 'os.getenv("MODELS_BUCKET", "models")', "optional"),
        _stores('os.getenv("MODELS_BUCKET")', 'os.getenv("MODELS_BUCKET") or "models"', "optional"),
        _stores("Bucket=BUCKET", 'Bucket=BUCKET if BUCKET else "models"', "optional"),
        _stores("Bucket=BUCKET", "**settings(BUCKET=[BUCKET])", "not known"),
        Case(
            "a variable that a server passes on without a default is asked for, and reaches it",
            "partial",
            {"main.py": SERVER + STORE, "Dockerfile": SERVER_IMAGE},
            seen=(Seen("manual", 20, "main.py", says="the code reads the variable MODELS_BUCKET without a default"),),
            has={"pyproject.toml": ('secrets = ["MODELS_BUCKET"]',)},
            status="converted",
        ),
    ),
)
