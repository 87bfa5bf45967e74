"""RP009: options of `start` without a meaning on fal, and a configuration that cannot be read."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP009",
    title="other options of start",
    safety="safe",
    expected="every handler and option of a start call can be told by reading",
    explanation="""
    `rp_args` and `reference_counter_start` are filled in by the SDK itself, and `concurrency_controller` has been ignored since
    version 1.4.0: they go. A part of the configuration that only running code knows, such as `**options()`, is left to a person.
    Check what such a part sets: `concurrency_modifier`, `refresh_worker` and `return_aggregate_stream` are the options that matter.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "options that the SDK ignores are dropped",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start(
                    {
                        "handler": handler,
                        "rp_args": {},
                        "concurrency_controller": lambda: False,
                    }
                )
                """
            },
            seen=(Seen("dropped", 9), Seen("dropped", 10)),
            status="converted",
        ),
        Case(
            "options that running code decides are left to a person",
            "partial",
            {
                "handler.py": """
                import runpod
                from settings import options

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, **options()})
                """,
                "settings.py": """
                def options():
                    return {"refresh_worker": True}
                """,
            },
            seen=(Seen("manual", 7),),
            status="partial",
        ),
        Case(
            "a configuration with nothing but the handler is clear",
            "untouched",
            {"handler.py": WORKER},
        ),
        Case(
            "a configuration under a name is read through it",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                CONFIG = {"handler": handler}
                runpod.serverless.start(CONFIG)
                """
            },
        ),
        Case(
            "a start call under a condition keeps its handler from being served",
            "partial",
            {
                "handler.py": """
                import os
                import runpod


                def handler(job):
                    return {"text": job["input"]["prompt"]}


                def other(job):
                    return {"text": "other"}


                if os.environ.get("OTHER"):
                    runpod.serverless.start({"handler": other})
                else:
                    runpod.serverless.start({"handler": handler})
                """,
            },
            seen=(Seen("manual", 14),),
        ),
    ),
)
