"""RP034: RunPod's logger stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.sdk_names import LOGGER, held_by

_METHODS = ("debug", "info", "warn", "error", "trace", "secret", "tip", "log", "set_level")
_LOGGERS = ("runpod.RunPodLogger", "runpod.serverless.RunPodLogger", f"{LOGGER}.RunPodLogger", "runpod.serverless.log")
NAMES = frozenset((*held_by(LOGGER), *(name for logger in _LOGGERS for name in (logger, *(f"{logger}.{method}" for method in _METHODS)))))
"""Names of the SDK that stay."""
REASON = "the logger stays: it prints, and fal keeps what is printed"

rule = Rule(
    code="RP034",
    title="RunPodLogger stays",
    safety="safe",
    explanation="""
    The logger prints, and fal keeps what is printed: during a request it is that request's log, else the runner's. The line's form
    differs a little, because RunPod prints JSON where `RUNPOD_ENDPOINT_ID` is set and plain text elsewhere.
    Check tools that parse the log lines.
    """,
    links=(runpod_docs("serverless/development/write-logs"), fal_docs("documentation/development/logging")),
    cases=(
        Case(
            "log lines are printed as before",
            "converted",
            {
                "handler.py": """
                import runpod

                log = runpod.RunPodLogger()

                def handler(job):
                    log.info("working")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "runpod==1.7.9",
            },
            seen=(Seen("kept", 3), Seen("kept", 1, rule="RP001")),
            has={"app.py": ('requirements = ["runpod==1.7.9"]',)},
            style="keep",
        ),
        Case(
            "the standard library's logging is not RunPod's",
            "untouched",
            {
                "handler.py": """
                import logging
                import runpod

                log = logging.getLogger("worker")

                def handler(job):
                    log.info("working")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a logger of another name in a helper module stays",
            "untouched",
            {
                "handler.py": """
                import runpod
                from log import RunPodLogger

                def handler(job):
                    RunPodLogger().info("working")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "log.py": """
                class RunPodLogger:
                    def info(self, text):
                        print(text)
                """,
            },
        ),
    ),
)
