"""PF010: a variable that the app cannot do without."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="PF010",
    title="a variable that the app cannot do without",
    safety="manual",
    explanation="""
    Everything that runs is read for variables: `os.environ` under any name, `getenv` whose absence is refused, settings classes, scripts
    that end without one, and calls of libraries that read a key from the environment. What nothing in the output sets is asked for;
    reads that the code does without are listed only. MIGRATION.md shows all of them as the environment of the old endpoint.
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
        ),
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
    ),
)
