"""RP004: a function that starts the worker and cannot be called by `setup()` as it is."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

SERVICE = """
import runpod

LOADED = {}


def main():
    LOADED["model"] = str.upper
    runpod.serverless.start({"handler": handler})


def handler(job):
    return {"text": LOADED["model"](job["input"]["prompt"])}
"""
BOTH = PIP.replace("COPY handler.py /handler.py", "COPY handler.py service.py /")

rule = Rule(
    code="RP004",
    title="a start call inside a function that setup() cannot call",
    safety="manual",
    expected="what the starting function loads is loaded in `setup()`",
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
            style="keep",
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
            style="keep",
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
            style="keep",
        ),
        Case(
            "a handler of a module that the entry file takes one name from is imported along with it",
            "untouched",
            {
                "handler.py": "from service import main\n\nmain()",
                "service.py": SERVICE,
                "Dockerfile": BOTH,
            },
            has={"handler.py": ("from service import handler, main\n\nmain()\n",), "app.py": ("        self.handler = handler.handler\n",)},
            lacks={"app.py": ("main()",)},
            style="keep",
        ),
        Case(
            "a name that the entry file has for something else is taken for no handler of a module",
            "untouched",
            {
                "handler.py": "from service import main\n\n\ndef handler():\n    return 1\n\n\nmain()",
                "service.py": SERVICE,
                "Dockerfile": BOTH,
            },
            has={
                "handler.py": ("from service import handler as runpod_handler, main\n",),
                "app.py": ("self.handler = handler.runpod_handler",),
            },
            style="keep",
        ),
        Case(
            "a module that the entry file imports whole is gone through, whatever it is called there",
            "untouched",
            {
                "handler.py": "import tools.service\n\nif __name__ == '__main__':\n    tools.service.main()",
                "tools/__init__.py": "",
                "tools/service.py": SERVICE,
                "Dockerfile": BOTH.replace("COPY handler.py service.py /", "COPY handler.py /\nCOPY tools /tools"),
            },
            has={"app.py": ("        handler.tools.service.main()\n        self.handler = handler.tools.service.handler\n",)},
            style="keep",
        ),
        Case(
            "what the main block alone imports is imported by the module, so that the app reaches it",
            "untouched",
            {
                "handler.py": "if __name__ == '__main__':\n    from service import main\n\n    main()",
                "service.py": SERVICE,
                "Dockerfile": BOTH,
            },
            has={
                "handler.py": ("from service import main as runpod_main\nfrom service import handler\n",),
                "app.py": ("        handler.runpod_main()\n        self.handler = handler.handler\n",),
            },
            style="keep",
        ),
        Case(
            "what a module gives with all its names needs no name of its own",
            "untouched",
            {"handler.py": "from service import *\n\nmain()", "service.py": SERVICE, "Dockerfile": BOTH},
            has={"handler.py": ("from service import *\n\nmain()\n",), "app.py": ("self.handler = handler.handler",)},
            style="keep",
        ),
        Case(
            "a function that another one calls hands the handler on",
            "untouched",
            {
                "handler.py": """
                import runpod


                def start():
                    runpod.serverless.start({"handler": lambda job: {"text": job["input"]["prompt"].upper()}})


                def main():
                    start()


                main()
                """
            },
            has={"handler.py": ("def main():\n    return start()\n\n\nhandler = main()\n",)},
            style="keep",
        ),
        Case(
            "a method that is called more than once is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod


                class Service:
                    @staticmethod
                    def run():
                        runpod.serverless.start({"handler": lambda job: {"text": job["input"]["prompt"].upper()}})


                Service.run()
                Service.run()
                """
            },
            seen=(Seen("manual", 6, says="(it is not at module level)"),),
            status="partial",
        ),
        Case(
            "a call in a branch that can be no function keeps what it returns",
            "untouched",
            {
                "handler.py": """
                import sys

                import runpod


                def main():
                    runpod.serverless.start({"handler": lambda job: {"text": job["input"]["prompt"].upper()}})


                if "--try" in sys.argv:
                    print("try")
                elif __name__ == "__main__":
                    print("on")
                    main()
                """
            },
            has={"handler.py": ('elif True:\n    print("on")\n    handler = main()\n',), "app.py": ("self.handler = handler.handler",)},
            style="keep",
        ),
        Case(
            "a main block that prepares and calls becomes a function that returns the handler",
            "untouched",
            {
                "handler.py": """
                import runpod


                def main():
                    runpod.serverless.start({"handler": lambda job: {"text": job["input"]["prompt"].upper()}})


                if __name__ == "__main__":
                    print("on")
                    main()
                """
            },
            has={"handler.py": ('def load():\n    print("on")\n    return main()\n',), "app.py": ("self.handler = handler.load()",)},
            style="keep",
        ),
    ),
)
