"""RP021: keys beside `error` in a result."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP021",
    title="keys beside error in a result",
    safety="safe",
    explanation="""
    A result with a truthy `error` marks the job FAILED on RunPod, so on fal it becomes an error response whose `detail` is the
    error: 422 for a list of validation errors, else 500. RunPod delivers the other keys of such a result beside the error; an
    error response has no place for them.
    Check whether a caller reads these keys of a failed job, and put them into the message if one does.
    """,
    links=(runpod_docs("serverless/development/error-handling"), fal_docs("documentation/serverless/reliability/retries")),
    cases=(
        Case(
            "a hint beside the error is dropped",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    if "prompt" not in job["input"]:
                        return {"error": "no prompt", "hint": "send one"}
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 5),),
            has={
                "app.py": ('result.pop("error", None)', "raise HTTPException("),
                "MIGRATION.md": ("What changes", "handler.py:5", "put what they need into the message"),
            },
        ),
        Case(
            "an error that is put into a result is told, too",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    result = {"text": job["input"].get("prompt", "")}
                    if not result["text"]:
                        result["error"] = "no prompt"
                    return result

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 6),),
            has={"MIGRATION.md": ("What changes",)},
        ),
        Case(
            "several such results are told at once",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    if "prompt" not in job["input"]:
                        return {"error": "no prompt", "code": 1}
                    if not job["input"]["prompt"]:
                        return {"error": "an empty prompt", "code": 2}
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 5),),
            has={"MIGRATION.md": ("`error` (also in line 7) reached",)},
        ),
        Case(
            "an error alone becomes an error response",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    if "prompt" not in job["input"]:
                        return {"error": "no prompt"}
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ('result.pop("error", None)',)},
            style="keep",
        ),
        Case(
            "refresh_worker beside the error is kept as a header",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    if "prompt" not in job["input"]:
                        return {"error": "no prompt", "refresh_worker": True}
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ("x-fal-stop-runner", "detail=error, headers=headers")},
        ),
        Case(
            "a key called errors is an ordinary result",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"errors": [], "text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ('result.pop("error", None)',)},
        ),
    ),
)
