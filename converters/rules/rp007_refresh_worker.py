"""RP007: a worker that is replaced after every job."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP007",
    title="refresh_worker -> the response header x-fal-stop-runner",
    safety="safe",
    expected="`refresh_worker` is a constant",
    guide=("RunPod 7",),
    explanation="""
    With `refresh_worker` RunPod returns the result and then replaces the worker. The answer therefore carries
    `x-fal-stop-runner: true`: fal delivers it and retires the runner. fal's guide answers with status 503 instead, which loses the
    result and makes the queue try the request again, so it is not used here. A `refresh_worker` in a returned dict is taken out of
    it and does the same for that one answer.
    Check that a new runner, which runs `setup()` again, is worth its start-up time.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/serverless/reliability/retries")),
    cases=(
        Case(
            "refresh_worker in the configuration retires every runner",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, "refresh_worker": True})
                """
            },
            seen=(Seen("converted", 6),),
            has={"app.py": ('headers = {"x-fal-stop-runner": "true"}',)},
            lacks={"app.py": ("503",)},
            style="keep",
        ),
        Case(
            "refresh_worker in one result is looked for in the results",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "refresh_worker": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ('if result.pop("refresh_worker", False):',)},
            lacks={"app.py": ("503",)},
        ),
        Case(
            "an input field of that name is no request to refresh",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["refresh_worker"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("x-fal-stop-runner",)},
        ),
        Case(
            "refresh_worker that only some requests decide is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod


                def decide():
                    return True


                def handler(job):
                    return {"text": job["input"]["prompt"]}


                runpod.serverless.start({"handler": handler, "refresh_worker": decide()})
                """,
            },
            seen=(Seen("manual", 12),),
        ),
        Case(
            "refresh_worker that is off has no part",
            "converted",
            {
                "handler.py": """
                import runpod


                def handler(job):
                    return {"text": job["input"]["prompt"]}


                runpod.serverless.start({"handler": handler, "refresh_worker": False})
                """,
            },
            seen=(Seen("dropped", 8),),
        ),
    ),
)
