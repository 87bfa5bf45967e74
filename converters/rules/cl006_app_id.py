"""CL006: which app stands for an endpoint."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL006",
    title="endpoint id or model name -> owner/app",
    safety="manual",
    expected="the program names the fal app, owner/app, where it named the old endpoint",
    explanation="""
    fal's clients name an app as `owner/app`. `--map ENDPOINT=owner/app` says which one stands for an endpoint's id or for a model's
    name; without it a placeholder is written and left to a person. An id that is read from the environment or handed over stays
    where it comes from, and must be that of the app from then on.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "an endpoint without a given app gets a placeholder",
            "partial",
            {"client.py": CALLER},
            seen=(Seen("manual", 3, "client.py"),),
            has={"client.py": ('endpoint = "your-team/APP"',)},
            status="partial",
            apps={},
        ),
        Case(
            "a constant is mapped where it stands",
            "untouched",
            {
                "client.py": """
                import runpod

                ENDPOINT_ID = "abc123"

                def ask(prompt):
                    return runpod.Endpoint(ENDPOINT_ID).run_sync({"prompt": prompt})
                """
            },
            has={"client.py": ('ENDPOINT_ID = "acme/upscaler"', 'fal_client.subscribe(ENDPOINT_ID, arguments={"prompt": prompt})')},
            within=("nothing",),
            apps=APPS,
        ),
        Case(
            "an id that is read from the environment is named for the deployment",
            "partial",
            {
                "client.py": """
                import os
                import runpod

                endpoint = runpod.Endpoint(os.environ["ENDPOINT_ID"])
                print(endpoint.run_sync({"prompt": "a cat"}))
                """
            },
            seen=(Seen("manual", 4, "client.py"),),
            has={"client.py": ('endpoint = os.environ["ENDPOINT_ID"]',)},
            status="converted",
            apps=APPS,
        ),
        Case(
            "a model's name that is put together is left to a person",
            "untouched",
            {
                "client.py": """
                import replicate

                def ask(size, prompt):
                    return "".join(replicate.run(f"acme/story-{size}:12ab", input={"prompt": prompt}))
                """
            },
            has={"client.py": ('replicate.run(f"acme/story-{size}:12ab"',)},
            status="partial",
            apps=APPS,
        ),
        Case(
            "an endpoint with a given app needs no person",
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
    ),
)
