"""RP015: keys of the job beside `input`."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP015",
    title="keys of the job beside input, such as s3Config",
    safety="safe",
    expected="no key of a request has two meanings",
    explanation="""
    A RunPod request may carry keys beside `input`. What the handler reads there, such as `s3Config`, is sent among the fields of
    the fal request, and the kept handler still finds it in its job. A `webhook` that the handler itself calls is one of them; one
    that the platform shall call is fal's `webhook_url`. A key that the input has, too, needs another name.
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
            "a webhook that the handler itself reads is sent among the fields",
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
            seen=(Seen("converted", 4),),
            has={
                "app.py": ("webhook: Any = None", 'body.pop(key) for key in ("webhook",)'),
                "MIGRATION.md": ("What changes", "callers send it among the fields"),
            },
        ),
        Case(
            "a key that stands beside the input and in it needs another name",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    own = job["input"].get("webhook")
                    return {"text": job["input"]["prompt"], "to": own or job["webhook"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 5),),
            status="partial",
        ),
        Case(
            "a key that may stand beside the input or in it is found among the fields",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    own = job["input"].get("webhook")
                    return {"text": job["input"]["prompt"], "to": own or job.get("webhook")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 5),),
            status="converted",
        ),
        Case(
            "a key that the job is asked for before it is read is found among the fields",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    own = job["input"].get("webhook")
                    if "webhook" in job:
                        print(job["webhook"])
                    return {"text": job["input"]["prompt"], "to": own or (job["webhook"] if job.get("webhook") else None)}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 6), Seen("converted", 7)),
            status="converted",
        ),
        Case(
            "a key that nothing asks for before it is read needs another name, whatever else is asked",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    own = job["input"].get("webhook")
                    if "policy" in job:
                        print(job["webhook"])
                    return {"text": job["input"]["prompt"], "to": own}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 6),),
            status="partial",
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
