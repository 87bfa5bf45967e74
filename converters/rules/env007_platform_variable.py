"""ENV007: variables that RunPod sets and fal does not."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="ENV007",
    title="RUNPOD_... read by the code",
    safety="safe",
    explanation="""
    RunPod sets variables such as `RUNPOD_POD_ID` and `RUNPOD_ENDPOINT_ID` on its workers. fal sets others (`FAL_APP_NAME`,
    `FAL_RUNNER_ID`), so the code gets its default, or a KeyError where it has none. The code is kept, because it is usually a log
    line or a switch that means "not on RunPod".
    Check reads without a default, and code that behaves differently off RunPod.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/development/environment-variables")),
    cases=(
        Case(
            "a read of the pod's id is named",
            "converted",
            {
                "handler.py": """
                import os
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "pod": os.environ.get("RUNPOD_POD_ID", "")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 5, says="the code gets its default"),),
        ),
        Case(
            "the address of the job queue is no secret to set",
            "converted",
            {
                "handler.py": """
                import os
                import runpod

                LOCAL = os.environ.get("RUNPOD_WEBHOOK_GET_JOB") is None

                def handler(job):
                    return {"text": job["input"]["prompt"], "local": LOCAL}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 4),),
            lacks={"MIGRATION.md": ("fal secrets set",)},
            status="converted",
        ),
        Case(
            "a variable of the project's own is no platform's",
            "untouched",
            {
                "handler.py": """
                import os
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "mode": os.environ.get("MODE", "")}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "the name in a text is no read of it",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "hint": "set RUNPOD_POD_ID"}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
    ),
)
