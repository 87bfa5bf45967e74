"""CL010: running a model on Replicate."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL010",
    title="replicate.run(...) -> fal_client.subscribe(...)",
    safety="safe",
    guide=("Replicate 8",),
    explanation="""
    `fal_client.subscribe` waits for the result of the app that the model was converted to, which answers it under `output`, or as
    it is where it is a mapping; what a model yields is a list. `replicate.Client` goes, `async_run` becomes `subscribe_async`, and
    `ModelError` and `ReplicateError` that are caught around a call become fal_client's. Models of fal's own (`fal-ai/...`) have
    inputs and results of their own, so calls that are mapped to them are left to a person.
    """,
    links=(
        "https://replicate.com/docs/get-started/python",
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a model that is run becomes a request that is waited for",
            "converted",
            {
                "client.py": """
                import replicate

                text = replicate.run("acme/story:0123", input={"prompt": "once"})
                print("".join(text))
                """
            },
            seen=(Seen("converted", 3, "client.py"),),
            has={"client.py": ('text = fal_client.subscribe("acme/story-fal", arguments={"prompt": "once"})["output"]',)},
            apps={"acme/story": "acme/story-fal"},
        ),
        Case(
            "a client of its own goes and its errors are fal's",
            "converted",
            {
                "client.py": """
                import os
                from replicate.client import Client
                from replicate.exceptions import ModelError

                client = Client(api_token=os.environ["REPLICATE_API_TOKEN"])

                async def ask():
                    try:
                        return await client.async_run("acme/story", input={"prompt": "once"})
                    except ModelError as error:
                        print(error)
                """
            },
            seen=(Seen("converted", 9, "client.py"),),
            has={
                "client.py": (
                    'return (await fal_client.subscribe_async("acme/story-fal", arguments={"prompt": "once"}))["output"]',
                    "except fal_client.FalClientHTTPError as error:",
                )
            },
            lacks={"client.py": ("Client(",)},
            apps={"acme/story": "acme/story-fal"},
        ),
        Case(
            "a result that is a mapping is answered as it is",
            "converted",
            {
                "client.py": """
                import replicate

                answer = replicate.run("acme/story", input={"prompt": "once"})
                print(answer["text"], replicate.run("acme/story", input={"prompt": "twice"})["text"])
                """
            },
            has={
                "client.py": (
                    'answer = fal_client.subscribe("acme/story-fal", arguments={"prompt": "once"})\n',
                    'print(answer["text"], fal_client.subscribe("acme/story-fal", arguments={"prompt": "twice"})["text"])',
                )
            },
            apps={"acme/story": "acme/story-fal"},
        ),
        Case(
            "a model of fal's own is left to a person",
            "untouched",
            {
                "client.py": """
                import replicate

                print(replicate.run("black-forest-labs/flux-dev", input={"prompt": "a cat"}))
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            has={"client.py": ("replicate.run(",)},
            status="partial",
            apps={"black-forest-labs/flux-dev": "fal-ai/flux/dev"},
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
