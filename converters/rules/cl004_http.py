"""CL004: requests to RunPod's HTTP API."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL004",
    title="requests to api.runpod.ai -> fal_client",
    safety="safe",
    expected="the client has fal's address, https://fal.run/OWNER/APP, and sends the key as fal reads it",
    guide=("RunPod 11", "RunPod 12"),
    explanation="""
    A request to `/runsync` becomes `fal_client.subscribe`, to `/run` `submit`, to `/status` `status` (and `result` where the output
    is read), to `/cancel` `cancel`; the keys of RunPod's answers become what fal's client gives. fal_client raises errors, so
    `raise_for_status()` goes, and waits as long as the job takes. A response that is used as such (its `status_code`, its text) has
    no single meaning and is left to a person, and so are errors of the HTTP client that are caught around it.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a job that is submitted and polled by HTTP becomes calls of the client",
            "converted",
            {
                "client.py": """
                import time
                import requests

                URL = "https://api.runpod.ai/v2/abc123"
                HEADERS = {"Authorization": "Bearer 123"}

                def ask(prompt):
                    response = requests.post(f"{URL}/run", json={"input": {"prompt": prompt}}, headers=HEADERS)
                    response.raise_for_status()
                    job = response.json()["id"]
                    while True:
                        answer = requests.get(f"{URL}/status/{job}", headers=HEADERS).json()
                        if answer["status"] == "COMPLETED":
                            return answer["output"]
                        time.sleep(1)
                """
            },
            seen=(
                Seen("converted", 8, "client.py"),
                Seen("converted", 12, "client.py"),
                Seen("converted", 4, "client.py", name="api.runpod.ai"),
            ),
            has={
                "client.py": (
                    '    response = fal_client.submit("acme/upscaler", arguments={"prompt": prompt})\n    job = response.request_id\n',
                    'return fal_client.result("acme/upscaler", job)',
                )
            },
            lacks={"client.py": ("requests", "HEADERS", "api.runpod.ai")},
            apps=APPS,
        ),
        Case(
            "a request that waits gives the output itself",
            "converted",
            {
                "client.py": """
                import httpx

                response = httpx.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"prompt": "a cat"}})
                print(response.json()["output"])
                """
            },
            seen=(Seen("converted", 3, "client.py"),),
            has={"client.py": ('response = fal_client.subscribe("acme/upscaler", arguments={"prompt": "a cat"})\nprint(response)',)},
            apps=APPS,
        ),
        Case(
            "a response whose status code is read is left to a person",
            "untouched",
            {
                "client.py": """
                import requests

                response = requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"prompt": "a cat"}})
                if response.status_code == 200:
                    print(response.json()["output"])
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            has={"client.py": ("requests.post(",)},
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
        Case(
            "the base of another client's addresses is left to a person",
            "partial",
            {
                "client.py": """
                from openai import OpenAI

                client = OpenAI(base_url="https://api.runpod.ai/v2/abc123/openai/v1", api_key="x")
                print(client.models.list())
                """,
            },
            seen=(Seen("manual", 3, "client.py"),),
            apps=APPS,
        ),
    ),
)
