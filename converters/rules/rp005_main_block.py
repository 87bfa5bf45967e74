"""RP005: what is loaded under `if __name__ == "__main__"` is loaded by `setup()`."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP005",
    title='loading under if __name__ == "__main__" -> setup()',
    safety="safe",
    guide=("RunPod 6",),
    explanation="""
    RunPod runs the handler's file as a program, fal imports it: what stands under `if __name__ == "__main__"` would never run.
    The block becomes a function that `setup()` calls once per runner, and names that other code reads become globals of the module,
    as they were. What is loaded at module level needs no change in kept code: `setup()` imports the module, which loads it.
    Check that the block does nothing that is only meant for a shell, such as reading arguments.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "a block that loads a model becomes a function",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                if __name__ == "__main__":
                    MODEL = str.upper
                    runpod.serverless.start({"handler": handler})
                """
            },
            has={
                "handler.py": ("def load():\n    global MODEL\n    MODEL = str.upper\n",),
                "app.py": ("handler.load()", "self.handler = handler.handler"),
            },
            lacks={"handler.py": ("__main__",)},
            style="keep",
        ),
        Case(
            "a block that only starts the worker needs no function",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                if __name__ == "__main__":
                    runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"handler.py": ("__main__", "def load")},
        ),
        Case(
            "a second block that only starts goes like the first",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                if __name__ == "__main__":
                    runpod.serverless.start({"handler": handler})
                if __name__ == "__main__":
                    runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"handler.py": ("runpod", "def load")},
        ),
        Case(
            "a model at module level is loaded by the import",
            "untouched",
            {
                "handler.py": """
                import runpod

                MODEL = str.upper

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"handler.py": ("MODEL = str.upper\n",), "app.py": ("import handler  # loads what the worker loads",)},
            style="keep",
        ),
        Case(
            "the main block of another module stays",
            "untouched",
            {
                "handler.py": """
                import helper
                import runpod

                def handler(job):
                    return {"text": helper.up(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "helper.py": """
                def up(text):
                    return text.upper()

                if __name__ == "__main__":
                    print(up("try me"))
                """,
            },
            has={"helper.py": ('if __name__ == "__main__":\n    print(up("try me"))',)},
        ),
        Case(
            "a block in an elif stays, and loads when it is imported",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": MODEL(job["input"]["prompt"])}

                if __name__ == "main":
                    pass
                elif __name__ == "__main__":
                    MODEL = str.upper
                    runpod.serverless.start({"handler": handler})
                """
            },
            has={"handler.py": ("elif True:\n    MODEL = str.upper\n",)},
            lacks={"app.py": (".load()",), "handler.py": ("runpod",)},
            style="keep",
        ),
        Case(
            "a block of which nothing is left needs no function",
            "untouched",
            {
                "handler.py": WORKER.replace("runpod.serverless", "if __name__ == '__main__':\n    import runpod\n    runpod.serverless"),
            },
            lacks={"handler.py": ("load", "runpod"), "app.py": ("load()",)},
            style="keep",
        ),
    ),
)
