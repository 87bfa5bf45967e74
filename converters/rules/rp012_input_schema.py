"""RP012: parts of the input's schema that cannot be read without running the code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP012",
    title="an input schema that only running code knows",
    safety="safe",
    explanation="""
    A validator schema is read where it stands, also in another module, and becomes the request model. What only running code
    knows, such as a schema that a function builds or a default from the environment, is not guessed: the field or the whole input
    stays open, and the worker's own check, which is kept, still refuses what it refused.
    Add the fields to `Input` by hand if callers and the Playground shall see them.
    """,
    links=(runpod_docs("serverless/development/validation"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "a schema that a function builds is left open",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_validator import validate

                from schemas import build

                SCHEMA = build()

                def handler(job):
                    checked = validate(job["input"], SCHEMA)
                    if "errors" in checked:
                        return {"error": checked["errors"]}
                    return {"text": checked["validated_input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "schemas.py": """
                def build():
                    return {"prompt": {"type": str, "required": True}}
                """,
            },
            seen=(Seen("kept", 8),),
            has={"handler.py": ("checked = validate(job",), "app.py": ('extra="allow"',)},
            status="converted",
            style="keep",
        ),
        Case(
            "a schema in a module of its own is read",
            "untouched",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_validator import validate

                from schemas import SCHEMA

                def handler(job):
                    checked = validate(job["input"], SCHEMA)
                    if "errors" in checked:
                        return {"error": checked["errors"]}
                    return {"text": checked["validated_input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "schemas.py": """
                SCHEMA = {
                    "prompt": {"type": str, "required": True},
                    "steps": {"type": int, "required": False, "default": 25},
                }
                """,
            },
            has={"app.py": ("prompt: str", "steps: Integer = 25", 'extra="forbid"')},
        ),
        Case(
            "keys that the code reads need no schema",
            "untouched",
            {"handler.py": WORKER},
            has={"app.py": ("prompt: str",)},
        ),
        Case(
            "an input that is passed on as a whole stays open",
            "untouched",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    return requests.post("http://127.0.0.1:3000/sdapi", json=job["input"]).json()

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ('extra="allow"',)},
        ),
    ),
)
