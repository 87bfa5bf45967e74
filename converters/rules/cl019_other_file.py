"""CL019: addresses in files that are not read."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL019",
    title="RunPod's and Replicate's addresses in other files",
    safety="manual",
    expected="the file is valid, and what it names is fal's address",
    explanation="""
    Workflows, notebooks and configuration that name the API are listed and not rewritten; documents are kept, and their readers
    need the new address. A Python file that cannot be read is named with its line. fal's addresses are `https://fal.run/OWNER/APP`
    and `https://queue.fal.run/OWNER/APP`.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/model-apis/inference/queue"),
    ),
    cases=(
        Case(
            "a workflow that calls the endpoint is listed",
            "partial",
            {
                "ci.yml": """
                url: https://api.runpod.ai/v2/abc123/run
                """
            },
            seen=(Seen("manual", 1, "ci.yml"),),
            status="converted",
            apps=APPS,
        ),
        Case(
            "a Python file that cannot be read is named",
            "partial",
            {
                "client.py": """
                import runpod
                print(runpod.Endpoint('abc123').run_sync({})
                """
            },
            seen=(Seen("manual", 2, "client.py"),),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a program that is rewritten is none of these files",
            "untouched",
            {"client.py": CALLER},
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
            "a text of a document that names the old endpoint is told",
            "converted",
            {
                "README.md": "Call https://api.runpod.ai/v2/abc123/run\n",
                "client.py": CALLER,
            },
            seen=(Seen("kept", 1, "README.md"),),
            apps=APPS,
        ),
        Case(
            "a docstring that names the old endpoint is told",
            "converted",
            {
                "client.py": '''
                """Calls https://api.runpod.ai/v2/abc123/run."""

                import runpod

                print(runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                ''',
            },
            seen=(Seen("kept", 1, "client.py"),),
            apps=APPS,
        ),
    ),
)
