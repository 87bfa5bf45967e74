"""CL003: reading what a RunPod worker yields."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL003",
    title="job.stream() -> fal_client.stream(...)",
    safety="safe",
    guide=("RunPod 13",),
    explanation="""
    On RunPod a job is submitted and then streamed; on fal a stream is a request of its own, to the path `/stream` of the app, whose
    events are the values that the worker yields. So the submission becomes `fal_client.stream` where the job is only streamed; a
    job that is also asked for its status or output is left to a person. The request starts when its events are read, and a stream
    that fails ends with an event `{"error": ...}`.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a job that is only streamed becomes a stream",
            "converted",
            {
                "client.py": """
                import runpod

                job = runpod.Endpoint("abc123").run({"input": {"prompt": "once"}})
                for text in job.stream():
                    print(text, end="")
                """
            },
            seen=(
                Seen("converted", 3, "client.py"),
                Seen("converted", 4, "client.py"),
            ),
            has={"client.py": ('job = fal_client.stream("acme/upscaler", arguments={"prompt": "once"})\nfor text in job:',)},
            apps=APPS,
        ),
        Case(
            "a job that is streamed and asked for is left to a person",
            "untouched",
            {
                "client.py": """
                import runpod

                job = runpod.Endpoint("abc123").run({"input": {"prompt": "once"}})
                for text in job.stream():
                    print(text)
                print(job.status())
                """
            },
            seen=(
                Seen("manual", 3, "client.py", rule="CL009"),
                Seen("manual", 6, "client.py", rule="CL009"),
            ),
            has={"client.py": ("job.stream()", "import runpod")},
            status="partial",
            apps=APPS,
        ),
        Case(
            "a program that calls neither platform is none of ours",
            "untouched",
            {
                "client.py": """
                import requests

                print(requests.post("https://example.com/run", json={"input": 1}).json()["output"])
                """
            },
            status="unsupported",
            apps=APPS,
        ),
    ),
)
