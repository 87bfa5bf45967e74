"""CL009: calls without a single meaning on fal."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER, WORKER

rule = Rule(
    code="CL009",
    title="calls that are left to a person",
    safety="manual",
    expected="the call is one of fal_client that means the same",
    explanation="""
    Some calls have no counterpart in fal's client: the health of an endpoint, purging its queue, pods, trainings, the list of a
    model's versions. Others hang together with code whose meaning is not clear: then the whole group (endpoint, jobs, statuses)
    stays as it is, so that no half of it is rewritten. The message names the line in the way and what to write.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "the health of an endpoint keeps its group as it is",
            "partial",
            {
                "client.py": """
                import runpod

                endpoint = runpod.Endpoint("abc123")
                print(endpoint.health())
                print(endpoint.run_sync({"prompt": "a cat"}))
                """
            },
            seen=(
                Seen("manual", 3, "client.py"),
                Seen("manual", 4, "client.py"),
                Seen("manual", 5, "client.py"),
            ),
            has={"client.py": ("import runpod", "endpoint.run_sync(")},
            lacks={"client.py": ("fal_client",)},
            status="partial",
            apps=APPS,
        ),
        Case(
            "a file that reads no job keeps its pods",
            "partial",
            {
                "client.py": """
                import runpod

                runpod.create_pod("name", "image", "NVIDIA A100")
                """
            },
            seen=(Seen("manual", 3, "client.py"),),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a job that is handed on is left to a person",
            "partial",
            {
                "client.py": """
                import runpod
                from elsewhere import watch

                watch(runpod.Endpoint("abc123").run({"prompt": "a cat"}))
                """
            },
            seen=(Seen("manual", 4, "client.py"),),
            has={"client.py": ("watch(runpod.Endpoint",)},
            status="partial",
            apps=APPS,
        ),
        Case(
            "calls with one meaning leave nothing",
            "untouched",
            {"client.py": CALLER},
            apps=APPS,
        ),
        Case(
            "the logger of a worker is no call",
            "untouched",
            {
                "handler.py": """
                import runpod
                from runpod import RunPodLogger

                log = RunPodLogger()
                runpod.serverless.start({"handler": lambda job: log.info(job["id"])})
                """
            },
            status="unsupported",
            apps=APPS,
        ),
        Case(
            "a worker is no caller",
            "untouched",
            {"handler.py": WORKER},
            status="unsupported",
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
        Case(
            "an address stays with the call that is left",
            "partial",
            {
                "client.py": """
                import requests

                response = requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"prompt": "a cat"}})
                print(response.status_code)
                """,
            },
            seen=(
                Seen("kept", 3, "client.py"),
                Seen("manual", 3, "client.py"),
            ),
            apps=APPS,
        ),
    ),
)
