"""RP037: the version of the SDK stays readable."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.sdk_names import held_by

NAMES = frozenset(("runpod.__version__", "runpod.serverless.runpod_version", *held_by("runpod.version", "__version__", "get_version")))
"""Names of the SDK that stay."""
REASON = "the version of the SDK stays readable"

rule = Rule(
    code="RP037",
    title="runpod.__version__ stays readable",
    safety="safe",
    explanation="""
    Code that shows the version of RunPod's SDK goes on doing so: the SDK stays installed, with the project's pin.
    Check whether the line still makes sense to a reader of the log.
    """,
    links=(runpod_docs("serverless/development/overview"), fal_docs("documentation/development/logging")),
    cases=(
        Case(
            "the version is printed as before",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    print(runpod.__version__)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "runpod==1.7.9",
            },
            seen=(Seen("kept", 4),),
            has={"app.py": ('requirements = ["runpod==1.7.9"]',)},
        ),
        Case(
            "the version of another package is no name of the SDK",
            "untouched",
            {
                "handler.py": """
                import runpod
                import torch

                def handler(job):
                    print(torch.__version__)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
    ),
)
