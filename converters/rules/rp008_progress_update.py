"""RP008: progress reports become log lines of the request."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP008",
    title="progress_update(job, text) -> print(text)",
    safety="safe",
    guide=("RunPod 8",),
    explanation="""
    RunPod shows the last progress value in the status of a job. On fal what a request prints is its log, which a caller reads with
    `with_logs=True`; so the call becomes `print`. A progress value is no part of the result on either platform.
    Check callers that poll the status for progress: they read the logs of the request from now on.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/logging")),
    cases=(
        Case(
            "a progress report is printed",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    runpod.serverless.progress_update(job, "half way")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 4),),
            has={"handler.py": ('    print("half way")\n',)},
            lacks={"handler.py": ("progress_update", "import runpod")},
            style="keep",
        ),
        Case(
            "a method called progress_update of something else stays",
            "untouched",
            {
                "handler.py": """
                import runpod

                class Bar:
                    def progress_update(self, job, text):
                        print(text)

                BAR = Bar()

                def handler(job):
                    BAR.progress_update(job, "half way")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"handler.py": ('BAR.progress_update(job, "half way")',)},
            style="keep",
        ),
        Case(
            "what a handler prints already stays as it is",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    print("half way")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            style="keep",
        ),
    ),
)
