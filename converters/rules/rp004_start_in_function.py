"""RP004: a function that starts the worker and cannot be called by `setup()` as it is."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP004",
    title="a start call inside a function that setup() cannot call",
    safety="manual",
    explanation="""
    Where the start call stands in `main()`, `setup()` calls `main()` after the import, so that it loads what it loaded on RunPod;
    a call with arguments under `if __name__ == "__main__"` is made there as it stands. A function that is asynchronous, or that
    takes arguments and is called in several places or in none, cannot be called like that: the converter does not guess.
    Load in that function's module, or in `setup()`, what the function loads before it starts the worker.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "an asynchronous function is left to a person",
            "partial",
            {
                "handler.py": """
                import asyncio
                import runpod

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                async def main():
                    global MODEL
                    MODEL = str.upper
                    runpod.serverless.start({"handler": handler})

                if __name__ == "__main__":
                    asyncio.run(main())
                """
            },
            seen=(Seen("manual", 7, says="(it is asynchronous)"),),
            status="partial",
            has={"app.py": ("        handler.main()\n",)},
        ),
        Case(
            "a function that is called with arguments is called so by setup",
            "untouched",
            {
                "handler.py": """
                import sys
                import runpod

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                def main(name):
                    global MODEL
                    MODEL = getattr(str, name)
                    runpod.serverless.start({"handler": handler})

                if __name__ == "__main__":
                    main(sys.argv[1])
                """
            },
            has={"app.py": ("handler.load()\n",), "handler.py": ("def load():\n    main(sys.argv[1])\n",)},
        ),
        Case(
            "a main function without arguments is called by setup",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                def main():
                    global MODEL
                    MODEL = str.upper
                    runpod.serverless.start({"handler": handler})

                if __name__ == "__main__":
                    main()
                """
            },
            has={"app.py": ("handler.main()\n",)},
        ),
        Case(
            "a start call at module level needs no function",
            "untouched",
            {"handler.py": WORKER},
        ),
        Case(
            "a function that the module calls itself hands its handler out there",
            "untouched",
            {
                "handler.py": """
                import runpod


                def main():
                    scale = 2

                    def handler(job):
                        return {"text": job["input"]["prompt"] * scale}

                    runpod.serverless.start({"handler": handler})


                main()
                """
            },
            has={"handler.py": ("    return handler\n\n\nrunpod_handler = main()\n",)},
        ),
        Case(
            "a function that a loop calls hands its handler out once",
            "untouched",
            {
                "handler.py": """
                import runpod


                def main():
                    scale = 2

                    def handler(job):
                        return {"text": job["input"]["prompt"] * scale}

                    runpod.serverless.start({"handler": handler})


                while True:
                    main()
                """
            },
            has={"handler.py": ("while True:\n    runpod_handler = main(); break\n",)},
        ),
        Case(
            "a function that the module calls itself and that has no handler of its own is called as it was",
            "untouched",
            {
                "handler.py": """
                import runpod


                def handler(job):
                    return {"text": job["input"]["prompt"]}


                def main():
                    print("up")
                    runpod.serverless.start({"handler": handler})


                main()
                """
            },
            has={"handler.py": ('    print("up")\n\n\nmain()\n',)},
        ),
    ),
)
