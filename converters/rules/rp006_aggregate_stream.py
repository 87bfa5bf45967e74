"""RP006: a generator's results, streamed and aggregated."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP006",
    title="return_aggregate_stream and generators -> / and /stream",
    safety="safe",
    expected="`return_aggregate_stream` is a constant",
    guide=("RunPod 5",),
    explanation="""
    A generator handler gets two endpoints: `/stream` sends every yielded value as a server-sent event, which `fal_client.stream`
    reads, and `/` answers what RunPod's `/run` and `/runsync` answer in production: the list of all values with
    `return_aggregate_stream`, and an empty list without it. RunPod's own local server always answers the list; production decides
    here. On a handler that is no generator the option has no effect, on either platform.
    Check that callers of `/stream` expect one value per event.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/calling-your-endpoints")),
    cases=(
        Case(
            "an aggregated generator answers with the list and streams",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    for word in job["input"]["prompt"].split():
                        yield word

                runpod.serverless.start({"handler": handler, "return_aggregate_stream": True})
                """
            },
            seen=(Seen("converted", 7, says="returns the list of yielded values"),),
            has={"app.py": ('@fal.endpoint("/stream")', "text/event-stream", "found.append(value)")},
        ),
        Case(
            "the option on a plain function is dropped",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, "return_aggregate_stream": True})
                """
            },
            seen=(Seen("dropped", 6),),
            lacks={"app.py": ("/stream",)},
        ),
        Case(
            "a generator without the option streams and answers with nothing",
            "untouched",
            {
                "handler.py": """
                import runpod

                async def handler(job):
                    for word in job["input"]["prompt"].split():
                        yield word

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ('@fal.endpoint("/stream")', "return []")},
        ),
        Case(
            "a worker that returns once gets no stream",
            "untouched",
            {"handler.py": WORKER},
            lacks={"app.py": ("/stream",)},
        ),
        Case(
            "aggregated streams that a variable decides are left to a person",
            "partial",
            {
                "handler.py": """
                import runpod


                def flag():
                    return True


                def handler(job):
                    yield job["input"]["prompt"]


                runpod.serverless.start({"handler": handler, "return_aggregate_stream": flag()})
                """,
            },
            seen=(Seen("manual", 12),),
        ),
    ),
)
