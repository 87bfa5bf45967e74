"""CL018: what the rewritten calls no longer need."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL018",
    title="headers, addresses and imports that nothing reads",
    safety="safe",
    explanation="""
    Headers with the old key, addresses and imports that only the rewritten calls read go with them. Only plain values go: an
    assignment that calls something stays, and so does a name that other code or another file reads.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "headers and address go with the request",
            "converted",
            {
                "client.py": """
                import os
                import requests

                KEY = os.environ["RUNPOD_API_KEY"]
                HEADERS = {"Authorization": f"Bearer {KEY}"}
                URL = "https://api.runpod.ai/v2/abc123/runsync"
                print(requests.post(URL, headers=HEADERS, json={"input": {"prompt": "a cat"}}).json()["output"])
                """
            },
            seen=(
                Seen("dropped", 4, "client.py"),
                Seen("dropped", 5, "client.py"),
                Seen("dropped", 6, "client.py"),
            ),
            has={"client.py": ('import fal_client\n\nprint(fal_client.subscribe("acme/upscaler", arguments={"prompt": "a cat"}))',)},
            apps=APPS,
        ),
        Case(
            "headers that something else reads stay",
            "untouched",
            {
                "client.py": """
                import requests

                HEADERS = {"Accept": "application/json"}
                print(requests.get("https://example.com", headers=HEADERS))
                print(requests.post("https://api.runpod.ai/v2/abc123/runsync", headers=HEADERS, json={"input": {"n": 1}}).json()["output"])
                """
            },
            has={"client.py": ("HEADERS = {",)},
            apps=APPS,
        ),
        Case(
            "a value that calls something stays",
            "untouched",
            {
                "client.py": """
                import requests
                from elsewhere import headers

                HEADERS = headers()
                print(requests.post("https://api.runpod.ai/v2/abc123/runsync", headers=HEADERS, json={"input": {"n": 1}}).json()["output"])
                """
            },
            has={"client.py": ("HEADERS = headers()",)},
            apps=APPS,
        ),
    ),
)
