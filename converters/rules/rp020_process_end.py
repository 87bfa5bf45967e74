"""RP020: code that ends the worker's process."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP020",
    title="A call that ends the process ends the runner",
    safety="safe",
    explanation="""
    `sys.exit` and `os._exit` inside a function end the worker on RunPod, which starts another one. On fal they end the runner, which is
    replaced; the request that was running counts as a lost connection, and a queue request is tried again. The call stays; where a
    request should fail without a second try, return an error instead.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/deployment/retries")),
    cases=(
        Case(
            "a way out inside a function is named",
            "converted",
            {
                "handler.py": """
                import os
                import runpod

                def handler(job):
                    if job["input"]["broken"]:
                        os._exit(1)
                    return {"fine": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 6),),
        ),
        Case("a worker that never ends itself is not remarked upon", "untouched", {"handler.py": WORKER}),
    ),
)
