"""RP002: the call of `runpod.serverless.start` gives way to the app's endpoint."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="RP002",
    title="runpod.serverless.start(...) -> class MyApp(fal.App)",
    safety="safe",
    guide=("RunPod 2",),
    explanation="""
    On RunPod the call blocks for ever: it asks the queue for jobs, runs the handler and posts the results. On fal the queue calls
    an endpoint of the app, so the call goes and nothing takes its place in the worker's code; what stood around it stays. A handler
    that only the call names (a lambda, a local function) gets a name or is returned, so that `setup()` reaches it.
    Check that nothing of yours was meant to run after the call: on RunPod it never did.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a start call at module level is taken out",
            "converted",
            {"handler.py": WORKER},
            seen=(Seen("converted", 8),),
            has={"app.py": ("self.handler = handler.handler",), "handler.py": ("def handler(job):",)},
            lacks={"handler.py": ("serverless.start", "import runpod")},
            style="keep",
        ),
        Case(
            "a name that holds what the start call returns is bound still where other code reads it",
            "converted",
            {"handler.py": WORKER.replace(".upper()", '.upper(), "server": str(server)').replace("\nrunpod.", "\nserver = runpod.")},
            has={"handler.py": ("server = None",)},
            style="keep",
        ),
        Case(
            "an `if __name__` block that only starts goes as a whole",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return job["input"]

                if __name__ == "__main__":
                    runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 7),),
            lacks={"handler.py": ("serverless.start", "__main__")},
            style="keep",
        ),
        Case(
            "an attribute of what a call makes gets a name in its own module",
            "converted",
            {
                "handler.py": """
                import os
                import runpod

                class Work:
                    def __init__(self, home):
                        self.home = home

                    def run(self, job):
                        return {"home": self.home, "text": job["input"]["prompt"]}

                def start():
                    runpod.serverless.start({"handler": Work(home=os.sep).run})

                start()
                """
            },
            has={"handler.py": ("return Work(home=os.sep).run", "handler = start()"), "app.py": ("self.handler = handler.handler",)},
            style="keep",
        ),
        Case(
            "a lambda gets a name that setup() reaches",
            "converted",
            {
                "handler.py": """
                import runpod

                runpod.serverless.start({"handler": lambda job: {"echo": job["input"]}})
                """
            },
            seen=(Seen("converted", 3),),
            has={"handler.py": ('handler = lambda job: {"echo": job["input"]}',), "app.py": ("self.handler = handler.handler",)},
            lacks={"handler.py": ("serverless.start",)},
        ),
        Case(
            "a call named start of another library stays",
            "untouched",
            {
                "handler.py": WORKER,
                "timer.py": """
                import clock

                clock.serverless.start({"handler": print})
                """,
            },
            within=("timer.py",),
        ),
        Case(
            "a start call in a comment and in a string stays",
            "untouched",
            {
                "handler.py": """
                from worker import handler
                import runpod

                runpod.serverless.start({"handler": handler})
                """,
                "worker.py": '''
                # runpod.serverless.start({"handler": handler}) stands in handler.py
                USAGE = "runpod.serverless.start(config)"

                def handler(job):
                    """Answer; see runpod.serverless.start."""
                    return {"usage": USAGE, "input": job["input"]}
                ''',
            },
            within=("worker.py",),
            has={"worker.py": ('USAGE = "runpod.serverless.start(config)"', "# runpod.serverless.start(")},
        ),
        Case(
            "a handler that another module starts is taken from there",
            "converted",
            {
                "main.py": "import work",
                "work.py": """
                import runpod

                runpod.serverless.start({"handler": lambda job: {"text": job["input"]["prompt"]}})
                """,
                "Dockerfile": PIP.replace("COPY handler.py /handler.py", "COPY main.py work.py /").replace("/handler.py", "/main.py"),
            },
            seen=(Seen("converted", 3, "work.py"),),
            has={"work.py": ('handler = lambda job: {"text": job["input"]["prompt"]}\n',), "app.py": ("self.handler = main.work.handler",)},
        ),
        Case(
            "of two start calls in branches both go",
            "converted",
            {
                "handler.py": """
                import sys

                import runpod


                def handler(job):
                    return {"text": job["input"]["prompt"].upper()}


                def other(job):
                    return {"text": job["input"]["prompt"].lower()}


                if "--lower" in sys.argv:
                    runpod.serverless.start({"handler": other})
                else:
                    runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 15), Seen("converted", 17)),
            lacks={"handler.py": ("runpod",)},
            style="keep",
        ),
        Case(
            "what stands behind a start call was never reached, and goes with it",
            "converted",
            {"handler.py": WORKER + "print('never')\n"},
            seen=(Seen("converted", 8),),
            lacks={"handler.py": ("never",)},
            style="keep",
        ),
    ),
)
