"""RP003: the handler becomes an endpoint with a typed input and output."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP003",
    title='handler(job) -> @fal.endpoint("/")',
    safety="safe",
    guide=("RunPod 1", "RunPod 3", "RunPod 4"),
    explanation="""
    The handler answers one job on RunPod and one request on fal. Its endpoint takes the job's input as the body, without the
    outer `input`: the keys that the code reads become the fields of a Pydantic model, required where the code subscripts them and
    optional where it uses `.get`; kept code receives the same job dict as before, with unset fields left out. What it returns is
    sent as it is; a returned `error` and an exception fail the request with their message.
    Check the types of the fields where the report says that nothing shows them.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/endpoints-overview")),
    cases=(
        Case(
            "the keys that the handler reads become fields of the input",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    settings = job["input"]
                    steps = settings.get("steps", 25)
                    return {"text": settings["prompt"], "steps": steps}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 8),),
            has={
                "app.py": (
                    "class Input(BaseModel):",
                    "prompt: str",
                    "steps: int | None = 25",
                    '@fal.endpoint("/")',
                    "class Output(BaseModel):",
                )
            },
        ),
        Case(
            "an asynchronous handler becomes an asynchronous endpoint",
            "converted",
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
            seen=(Seen("converted", 8),),
            has={"app.py": ("async def generate(self, input: Input) -> Output:", "result = await handler(job)")},
            style="keep",
        ),
        Case(
            "a coroutine that never awaits runs in a thread",
            "converted",
            {
                "handler.py": """
                import runpod

                async def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(
                Seen("converted", 6),
                Seen("converted", 6, says="the handler never awaits, so it runs in a thread"),
            ),
            has={"app.py": ("    def generate(self, input: Input) -> Output:", "asyncio.run(handle(job))")},
            style="keep",
        ),
        Case(
            "a method of an object is reached through the object",
            "converted",
            {
                "handler.py": """
                import runpod

                class Service:
                    def answer(self, job):
                        return {"text": job["input"]["prompt"]}

                service = Service()
                runpod.serverless.start({"handler": service.answer})
                """
            },
            seen=(Seen("converted", 8),),
            has={"app.py": ("self.handler = handler.service.answer", "prompt: str")},
        ),
        Case(
            "an object that only the main block knows is handed over by the function that loads it",
            "converted",
            {
                "handler.py": """
                import runpod

                class Service:
                    def __call__(self, job):
                        return {"text": job["input"]["prompt"]}

                if __name__ == "__main__":
                    service = Service()
                    runpod.serverless.start({"handler": service})
                """
            },
            seen=(Seen("converted", 9),),
            has={"app.py": ("self.handler = handler.load()", "prompt: str"), "handler.py": ("    return service\n",)},
        ),
        Case(
            "the job is the parameter that a partial leaves open",
            "converted",
            {
                "handler.py": """
                from functools import partial

                import runpod

                def answer(engine, job):
                    return {"text": engine(job["input"]["prompt"])}

                handler = partial(answer, str.upper)
                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 9),),
            has={"app.py": ("self.handler = handler.handler", "prompt: str")},
        ),
        Case(
            "a number that a function of the worker converts may come as a text",
            "converted",
            {
                "handler.py": """
                import runpod

                def whole(value):
                    return int(value)

                def handler(job):
                    return {"steps": whole(job["input"].get("steps", 25))}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 9),),
            has={"app.py": ("steps: ToInt = 25",)},
        ),
        Case(
            "a key that is taken out of the input must be there",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    settings = job["input"]
                    return {"text": settings.pop("prompt"), "size": settings.pop("size", 8)}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 7),),
            has={"app.py": ("prompt: str\n", "size: int | None = 8")},
        ),
        Case(
            "an object that the module knows needs no function that loads it",
            "converted",
            {
                "handler.py": """
                import runpod

                class Service:
                    def __call__(self, job):
                        return {"text": job["input"]["prompt"]}

                service = Service()
                if __name__ == "__main__":
                    runpod.serverless.start({"handler": service})
                """
            },
            seen=(Seen("converted", 9),),
            has={"app.py": ("self.handler = handler.service",)},
            lacks={"handler.py": ("def load",)},
        ),
        Case(
            "a function called handler that nobody starts is left alone",
            "untouched",
            {
                "handler.py": WORKER,
                "other.py": """
                def handler(job):
                    return job["input"]
                """,
            },
            within=("other.py",),
        ),
        Case(
            "a project without a start call is refused",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return job["input"]
                """
            },
            status="unsupported",
        ),
    ),
)
