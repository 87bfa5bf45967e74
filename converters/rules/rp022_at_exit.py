"""RP022: functions that are registered to run at exit."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP022",
    title="What runs at exit belongs into teardown()",
    safety="manual",
    explanation="""
    `atexit.register` runs a function when the worker's process ends by itself. fal ends a runner with SIGTERM: requests in flight
    finish, then `teardown()` is called, and the process ends by the signal, which skips exit functions. Move the call into
    `teardown()` of the app.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a registered function is left to the person",
            "partial",
            {
                "handler.py": """
                import atexit
                import runpod

                atexit.register(print, "bye")

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 4),),
        ),
        Case("a worker without exit functions has nothing to do", "untouched", {"handler.py": WORKER}),
    ),
)
