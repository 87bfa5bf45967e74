"""RP023: fitness checks."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP023",
    title="Fitness checks",
    safety="safe",
    expected="the checks run at the end of `setup()`",
    explanation="""
    RunPod calls the functions given to `register_fitness_check` before the first job, and a worker that fails one exits. `setup()` calls
    them last, so that a runner which fails one never starts, and so does the app's health check at `/fitness`, by which fal replaces a
    runner that fails later. Asynchronous checks are called by the health check alone.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a decorated check becomes the health check",
            "converted",
            {
                "handler.py": """
                import runpod

                @runpod.serverless.register_fitness_check
                def has_room():
                    assert open("/proc/meminfo")

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 3),),
            has={
                "app.py": ("handler.has_room()  # a fitness check", '@fal.endpoint("/fitness", health_check=fal.HealthCheck())'),
                "handler.py": ("def has_room():",),
            },
            lacks={"handler.py": ("runpod",)},
            status="converted",
        ),
        Case(
            "a registered coroutine is awaited by the health check",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless import register_fitness_check

                async def has_room():
                    assert open("/proc/meminfo")

                register_fitness_check(has_room)

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 7),),
            has={"app.py": ("async def fitness(self) -> dict:", "await self.worker.has_room()")},
            lacks={"app.py": ("a fitness check of the worker",), "handler.py": ("runpod",)},
            status="converted",
        ),
        Case(
            "a check that is no function of the worker is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.register_fitness_check(print)
                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 6),),
            status="partial",
        ),
        Case("a worker without checks gets none", "untouched", {"handler.py": WORKER}, lacks={"app.py": ("fitness",)}),
        Case(
            "a decorator of the project by that name is its own",
            "untouched",
            {
                "handler.py": """
                import runpod

                def register_fitness_check(function):
                    return function

                @register_fitness_check
                def has_room():
                    assert open("/proc/meminfo")

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("def fitness",)},
        ),
    ),
)
