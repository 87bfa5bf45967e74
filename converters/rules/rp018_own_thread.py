"""RP018: one thread loads and answers, where the worker is tied to its thread."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP018",
    title="A worker that is tied to its thread is loaded and called in one thread",
    safety="safe",
    explanation="""
    RunPod imports the worker and calls its handler in one thread, before and between runs of its loop. fal runs `setup()` inside a live
    event loop, where `asyncio.run` raises, and calls endpoints in other threads, where what `torch.set_grad_enabled` or an entered
    autocast set while loading does not hold. Where the worker's files do such a thing, the app loads and calls it in one thread of its
    own. A worker that installs signal handlers loads in the main thread instead, as they require it.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a worker that runs an event loop while it loads gets a thread",
            "converted",
            {
                "handler.py": """
                import asyncio
                import runpod

                async def load():
                    return 7

                NUMBER = asyncio.run(load())

                def handler(job):
                    return {"number": NUMBER + job["input"]["add"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            style="keep",
            seen=(Seen("converted", 12),),
            has={"app.py": ("ThreadPoolExecutor(max_workers=1)", "self.thread.submit(self.load)", "return handler.handler")},
        ),
        Case(
            "a worker that sets state of its thread gets a thread",
            "converted",
            {
                "handler.py": """
                import runpod
                import torch

                torch.set_grad_enabled(False)

                def handler(job):
                    return {"sum": float(torch.ones(3).sum())}

                runpod.serverless.start({"handler": handler})
                """
            },
            style="keep",
            seen=(Seen("converted", 9),),
            has={"app.py": ("self.thread.submit(self.handler, job)",)},
        ),
        Case(
            "an ordinary worker answers in any thread",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            style="keep",
            lacks={"app.py": ("ThreadPoolExecutor",)},
        ),
        Case(
            "an asynchronous handler stays in fal's loop",
            "untouched",
            {
                "handler.py": """
                import asyncio
                import runpod

                async def handler(job):
                    await asyncio.sleep(0)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("ThreadPoolExecutor",)},
        ),
        Case(
            "a worker with signal handlers loads in the main thread",
            "untouched",
            {
                "handler.py": """
                import asyncio
                import signal
                import runpod

                signal.signal(signal.SIGTERM, print)
                NUMBER = asyncio.run(asyncio.sleep(0, 7))

                def handler(job):
                    return {"number": NUMBER}

                runpod.serverless.start({"handler": handler})
                """
            },
            style="keep",
            lacks={"app.py": ("ThreadPoolExecutor",)},
        ),
    ),
)
