"""RP030: RunPod's input validator stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER
from converters.rules.sdk_names import UTILS, held_by

_ERRORS = (
    *("CONSTRAINTS_ERROR", "INVALID_TYPE_ERROR", "MISSING_DEFAULT_ERROR", "MISSING_REQUIRED_ERROR", "MISSING_TYPE_ERROR"),
    *("SCHEMA_ERROR", "UNEXPECTED_INPUT_ERROR"),
)
NAMES = frozenset((*held_by(f"{UTILS}.rp_validator", "validate", *_ERRORS), f"{UTILS}.validate"))
"""Names of the SDK that stay."""
REASON = "the validator stays, with the SDK that the source pins: its checks differ by version"

rule = Rule(
    code="RP030",
    title="rp_validator stays, with the SDK that the source pins",
    safety="safe",
    explanation="""
    The validator's checks differ by version of the SDK: from 1.7.8 on, a field with a default skips its type and constraint checks
    for values of the default's own type. So kept code goes on calling it, with the pin of the project, and the request model
    accepts exactly what that version accepts, so that the handler answers its own errors as before.
    Check that the project pins the version that runs in production.
    """,
    links=(runpod_docs("serverless/development/validation"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "a validated input keeps its validator and its pin",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_validator import validate

                SCHEMA = {"prompt": {"type": str, "required": True}}

                def handler(job):
                    checked = validate(job["input"], SCHEMA)
                    if "errors" in checked:
                        return {"error": checked["errors"]}
                    return {"text": checked["validated_input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "runpod==1.7.9",
            },
            seen=(Seen("kept", 2), Seen("kept", 7)),
            has={"app.py": ('requirements = ["runpod==1.7.9"]', "prompt: str", 'extra="forbid"')},
        ),
        Case(
            "a function called validate of the project is not RunPod's",
            "untouched",
            {
                "handler.py": """
                import runpod

                def validate(values):
                    return {"prompt": str(values["prompt"])}

                def handler(job):
                    return {"text": validate(job["input"])["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a handler that checks its input itself needs no validator",
            "untouched",
            {"handler.py": WORKER, "requirements.txt": "runpod==1.7.9"},
            lacks={"app.py": ("runpod==1.7.9",)},
        ),
    ),
)
