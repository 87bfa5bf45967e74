"""CL001: waiting for the result of a RunPod endpoint."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL001",
    title="endpoint.run_sync(...) -> fal_client.subscribe(...)",
    safety="safe",
    guide=("RunPod 12",),
    explanation="""
    `fal_client.subscribe` puts a request into the queue of the app and waits for its result, as `run_sync` does; its `timeout`
    becomes `client_timeout`. The variable of the endpoint holds the id of the app from then on. A failed job raises
    `FalClientHTTPError`, where `run_sync` gave None: check code that tests the result for None.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a call that waits becomes subscribe",
            "converted",
            {"client.py": CALLER},
            seen=(Seen("converted", 4, "client.py"),),
            has={"client.py": ('endpoint = "acme/upscaler"\nprint(fal_client.subscribe(endpoint, arguments={"prompt": "a cat"}))',)},
            lacks={"client.py": ("runpod",)},
            apps=APPS,
        ),
        Case(
            "an endpoint that a class keeps is followed through its methods",
            "converted",
            {
                "client.py": """
                import runpod


                class Upscaler:
                    def __init__(self):
                        self.endpoint = runpod.Endpoint("abc123")

                    def up(self, url):
                        return self.endpoint.run_sync({"input": {"image": url}}, timeout=60)
                """
            },
            seen=(Seen("converted", 9, "client.py"),),
            has={
                "client.py": (
                    'self.endpoint = "acme/upscaler"',
                    'fal_client.subscribe(self.endpoint, arguments={"image": url}, client_timeout=60)',
                )
            },
            apps=APPS,
        ),
        Case(
            "a method called run_sync of something else stays",
            "untouched",
            {
                "client.py": """
                import replicate

                class Local:
                    def run_sync(self, request):
                        return request

                print(Local().run_sync({"input": 1}))
                print(replicate.run("abc123", input={"prompt": "a cat"}))
                """
            },
            has={"client.py": ('Local().run_sync({"input": 1})',)},
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
