"""RP010: jobs at a time per worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP010",
    title="concurrency_modifier -> max_multiplexing",
    safety="safe",
    expected="`max_multiplexing` is how many jobs the worker runs at a time",
    guide=("RunPod 17",),
    explanation="""
    RunPod asks this function how many jobs a worker may hold at a time; on fal `max_multiplexing` states how many requests a runner
    takes. A constant result, or the upper end of a `min(...)` clamp, is written; a number that only running code knows is left to a
    person. Parallel jobs exist only for handlers that await: for any other handler RunPod runs them one after another whatever the
    function returns, so nothing is written.
    Check the number against the memory of the machine.
    """,
    links=(runpod_docs("serverless/workers/concurrent-handler"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "a constant number is written",
            "converted",
            {
                "handler.py": """
                import asyncio
                import runpod

                async def handler(job):
                    await asyncio.sleep(1)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda current: 4})
                """
            },
            seen=(Seen("converted", 8),),
            has={"app.py": ("max_multiplexing = 4",)},
        ),
        Case(
            "a clamp is written as its upper end",
            "converted",
            {
                "handler.py": """
                import asyncio
                import runpod

                LIMIT = 8

                async def handler(job):
                    await asyncio.sleep(1)
                    return {"text": job["input"]["prompt"]}

                def grow(current):
                    return min(current + 1, LIMIT)

                runpod.serverless.start({"handler": handler, "concurrency_modifier": grow})
                """
            },
            seen=(Seen("converted", 13),),
            has={"app.py": ("max_multiplexing = 8",)},
        ),
        Case(
            "a number from the environment is left to a person",
            "partial",
            {
                "handler.py": """
                import os
                import asyncio
                import runpod

                async def handler(job):
                    await asyncio.sleep(1)
                    return {"text": job["input"]["prompt"]}

                def limit(current):
                    return int(os.environ["LIMIT"])

                runpod.serverless.start({"handler": handler, "concurrency_modifier": limit})
                """
            },
            seen=(Seen("manual", 12),),
            lacks={"app.py": ("max_multiplexing",)},
        ),
        Case(
            "a handler that never awaits takes one request at a time",
            "converted",
            {
                "handler.py": """
                import runpod

                async def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda current: 4})
                """
            },
            seen=(Seen("dropped", 6),),
            lacks={"app.py": ("max_multiplexing",)},
        ),
        Case(
            "an asynchronous handler alone says nothing about numbers",
            "untouched",
            {
                "handler.py": """
                import asyncio
                import runpod

                async def handler(job):
                    await asyncio.sleep(1)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("max_multiplexing",)},
        ),
        Case(
            "a function of that name that nobody registers says nothing",
            "untouched",
            {
                "handler.py": """
                import asyncio
                import runpod

                async def handler(job):
                    await asyncio.sleep(1)
                    return {"text": job["input"]["prompt"]}

                def concurrency_modifier(current):
                    return 4

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("max_multiplexing",)},
        ),
    ),
)
