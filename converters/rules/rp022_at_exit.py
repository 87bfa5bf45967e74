"""RP022: functions that are registered to run at exit or on a signal."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP022",
    title="What runs at exit or on a signal",
    safety="safe",
    expected="what is done at the end of a runner is done in `handle_exit()` or `teardown()`",
    explanation="""
    fal ends a runner with SIGTERM: `handle_exit()` is called at once, requests in flight finish, then `teardown()` is called, and the
    process ends by the signal, which skips exit functions. A function that the worker registers with `atexit` is called in
    `teardown()`, and a handler of SIGTERM in `handle_exit()`, where its `sys.exit` ends nothing. Handlers of SIGINT go, since no runner
    gets one. What is registered with arguments or inside a function is left to a person.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a function for the exit is called in teardown",
            "converted",
            {
                "handler.py": """
                import atexit
                import runpod

                def close():
                    print("bye")

                atexit.register(close)

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 7),),
            has={"app.py": ("def teardown(self):", "self.worker.close()", 'app_files = ["handler.py"]')},
            lacks={"handler.py": ("atexit.register",)},
            status="converted",
        ),
        Case(
            "a handler of SIGTERM is called in handle_exit",
            "converted",
            {
                "handler.py": """
                import signal
                import sys
                import runpod

                def stop(number, frame):
                    print("bye")
                    sys.exit(0)

                signal.signal(signal.SIGTERM, stop)

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 9),),
            has={"app.py": ("def handle_exit(self):", "with contextlib.suppress(SystemExit):", "self.worker.stop(signal.SIGTERM, None)")},
            lacks={"handler.py": ("signal.signal",)},
            status="converted",
        ),
        Case(
            "a registered function with arguments is left to the person",
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
        Case(
            "another register function is no matter of the exit",
            "untouched",
            {
                "handler.py": """
                import registry
                import runpod

                def close():
                    print("bye")

                registry.register(close)

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "registry.py": """
                def register(function):
                    return function
                """,
            },
        ),
        Case(
            "a handler of Ctrl-C has no sender on fal",
            "converted",
            {
                "handler.py": """
                import runpod
                import signal


                def handler(job):
                    return {"text": job["input"]["prompt"]}

                def stop(*_):
                    pass

                signal.signal(signal.SIGINT, stop)

                runpod.serverless.start({"handler": handler})
                """,
            },
            seen=(Seen("dropped", 11),),
        ),
        Case(
            "a handler of another signal is left to a person",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod\n", "import signal\nimport runpod\n").replace(
                    "runpod.serverless.start", "signal.signal(signal.SIGHUP, print)\nrunpod.serverless.start"
                ),
            },
            seen=(Seen("manual", 9),),
        ),
        Case(
            "a function that another decorator registers is no matter of the exit",
            "untouched",
            {
                "handler.py": """
                import functools

                import runpod


                @functools.cache
                def model():
                    return 2


                def handler(job):
                    return {"text": job["input"]["prompt"] * model()}


                runpod.serverless.start({"handler": handler})
                """
            },
            has={"handler.py": ("@functools.cache\n",)},
            lacks={"app.py": ("teardown",)},
            style="keep",
        ),
    ),
)
