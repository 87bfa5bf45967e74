"""RP015: keys of the job beside `input`."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP015",
    title="keys of the job beside input, such as s3Config",
    safety="safe",
    explanation="""
    A RunPod request may carry keys beside `input`. What the handler reads there, such as `s3Config`, is sent among the fields of
    the fal request, and the kept handler still finds it in its job. `webhook` and `policy` are fal's own business now
    (`webhook_url` and the timeouts of the queue); the handler sees none.
    Check the callers: these keys move from beside `input` to among its fields.
    """,
    links=(runpod_docs("serverless/endpoints/send-requests"), fal_docs("documentation/model-apis/inference/queue")),
    cases=(
        Case(
            "s3Config is sent among the fields",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    bucket = job.get("s3Config")
                    return {"text": job["input"]["prompt"], "stored": bool(bucket)}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 4),),
            has={"app.py": ("s3Config: Any = None", 'body.pop(key) for key in ("s3Config",)')},
        ),
        Case(
            "the webhook of the job is dropped",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    print(job.get("webhook"))
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 4),),
            lacks={"app.py": ("webhook",)},
        ),
        Case(
            "a webhook among the input's keys is a field",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "to": job["input"]["webhook"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ("webhook: ",)},
        ),
        Case(
            "s3Config of another dict is not the job's",
            "untouched",
            {
                "handler.py": """
                import runpod

                SETTINGS = {"s3Config": None}

                def handler(job):
                    return {"text": job["input"]["prompt"], "stored": bool(SETTINGS.get("s3Config"))}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("s3Config: ",)},
        ),
    ),
)
