"""PF050: a start that takes longer than fal lets it."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import IMAGE

WAITING = """
import time

import requests
import runpod


def wait_for_server():
    for _ in range(1200):
        if requests.get("http://127.0.0.1:9000/health", timeout=1).ok:
            return
        time.sleep(1)


wait_for_server()

def handler(job):
    return {"text": job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""

rule = Rule(
    code="PF050",
    title="a start that takes longer than fal lets it",
    safety="manual",
    expected="`startup_timeout` is at least as long as the code waits at its start",
    explanation="""
    fal ends a runner that is not ready after `startup_timeout`, 600 seconds by default. Loops and deadlines of code that waits for a
    start are added up as far as they are constants.
    State a `startup_timeout` that is as long.
    """,
    links=(
        runpod_docs("serverless/development/optimization"),
        fal_docs("documentation/deployment/scale-your-application"),
    ),
    cases=(
        Case(
            "a loop that waits twenty minutes for a server is named",
            "partial",
            {"handler.py": WAITING},
            status="partial",
        ),
        Case("a loop that waits one minute is in order", "untouched", {"handler.py": WAITING.replace("1200", "60")}),
        Case(
            "a long loop of a request is no start",
            "untouched",
            {"handler.py": WAITING.replace("wait_for_server", "step").replace("step()\n\n", "")},
        ),
        Case(
            "a wait that the app's own time to start allows is in order",
            "untouched",
            {
                "handler.py": WAITING,
                "Dockerfile": IMAGE,
                ".runpod/hub.json": '{"config": {"env": [{"key": "RUNPOD_INIT_TIMEOUT", "value": "1500"}]}}',
            },
            has={"app.py": ("startup_timeout = 1500",)},
        ),
    ),
)
