"""RP001: imports of the SDK go where nothing needs them any more."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER
from converters.rules.sdk_names import UTILS

KEPT = frozenset(("runpod", "runpod.serverless", UTILS, "runpod.serverless.modules"))
"""Modules whose import stays where helpers in them are used."""
REASON = "the import stays for the helpers that are used"

rule = Rule(
    code="RP001",
    title="import runpod goes where nothing of it is used",
    safety="safe",
    explanation="""
    Once the start call is gone, most workers use nothing of RunPod's SDK: then its import goes, and `runpod` leaves the
    requirements. An import stays, name by name, while a helper of the SDK is used; the helpers work without the platform.
    Check nothing: a name that is still used is never taken out.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "an import that only the start call used goes",
            "converted",
            {"handler.py": WORKER, "requirements.txt": "runpod==1.7.9\npillow==10.4.0"},
            seen=(Seen("dropped", 1),),
            has={"app.py": ('requirements = ["pillow==10.4.0"]',)},
            lacks={"handler.py": ("import runpod",), "app.py": ("runpod==1.7.9",)},
            style="keep",
        ),
        Case(
            "one name of an import goes and the other stays",
            "converted",
            {
                "handler.py": """
                from runpod import RunPodLogger, serverless

                log = RunPodLogger()

                def handler(job):
                    log.info("working")
                    return {"text": job["input"]["prompt"]}

                serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 1), Seen("kept", 1, rule="RP034")),
            has={"handler.py": ("from runpod import RunPodLogger\n",)},
            style="keep",
        ),
        Case(
            "an import of a module that only sounds like the SDK stays",
            "untouched",
            {
                "handler.py": """
                from worker import handler
                import runpod

                runpod.serverless.start({"handler": handler})
                """,
                "worker.py": """
                import runpod_tools
                from .runpod import helper

                def handler(job):
                    return runpod_tools.answer(helper, job["input"])
                """,
                "runpod.py": "helper = None",
            },
            within=("worker.py",),
            has={"worker.py": ("import runpod_tools\nfrom .runpod import helper\n",)},
        ),
        Case(
            "the word in a comment and in a string stays",
            "untouched",
            {
                "handler.py": """
                from worker import handler
                import runpod

                runpod.serverless.start({"handler": handler})
                """,
                "worker.py": """
                # import runpod
                SOURCE = "import runpod"

                def handler(job):
                    return {"source": SOURCE, "input": job["input"]}
                """,
            },
            within=("worker.py",),
            has={"worker.py": ("# import runpod\n", 'SOURCE = "import runpod"')},
        ),
        Case(
            "the import of a check that cannot be followed stays",
            "converted",
            {
                "handler.py": """
                import runpod
                from elsewhere import make
                from runpod.serverless import register_fitness_check

                register_fitness_check(make())


                def handler(job):
                    return {"text": job["input"]["prompt"]}


                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("dropped", 1), Seen("kept", 3)),
        ),
    ),
)
