"""RP026: streams over a websocket, on request."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

STREAM = """
import runpod

def handler(job):
    for word in job["input"]["prompt"].split():
        yield word

runpod.serverless.start({"handler": handler})
"""

rule = Rule(
    code="RP026",
    title="Streams over a websocket",
    safety="idiomatic",
    explanation="""
    A handler that yields gets an endpoint of server-sent events, which `fal_client.stream` reads. With `--realtime` it gets
    `@fal.realtime("/realtime")` instead, which `fal_client.realtime` reads: one message for each value, objects as they are and others
    as `{"output": ...}`. A failure is the last message, `{"error": ...}`.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/realtime")),
    cases=(
        Case(
            "what a handler yields goes out as messages",
            "converted",
            {"handler.py": STREAM},
            seen=(Seen("converted", 7),),
            has={"app.py": ('@fal.realtime("/realtime")', "def realtime(self, input: Input) -> Iterator[Any]:")},
            lacks={"app.py": ("/stream",)},
            status="converted",
            realtime=True,
        ),
        Case("without the option a stream is one of events", "untouched", {"handler.py": STREAM}, has={"app.py": ("/stream",)}),
        Case("without the option a worker that returns is as ever", "untouched", {"handler.py": WORKER}, lacks={"app.py": ("realtime",)}),
        Case(
            "a handler that yields nothing has no websocket",
            "converted",
            {
                "handler.py": WORKER,
            },
            seen=(Seen("dropped", 8),),
            realtime=True,
        ),
    ),
)
