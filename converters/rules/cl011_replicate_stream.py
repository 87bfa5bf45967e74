"""CL011: streaming a model on Replicate."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL011",
    title="replicate.stream(...) -> fal_client.stream(...)",
    safety="safe",
    explanation="""
    `fal_client.stream` reads the events of the app's path `/stream`, each of which is a value that the model yields; on Replicate
    it is an object around that text. So `event.data` becomes the event itself, and `str(event)` stays. A stream that fails ends
    with an event `{"error": ...}`.
    """,
    links=(
        "https://replicate.com/docs/get-started/python",
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "the events of a stream are the values",
            "converted",
            {
                "client.py": """
                import replicate

                for event in replicate.stream("acme/story", input={"prompt": "once"}):
                    print(str(event), end="")
                """
            },
            seen=(Seen("converted", 3, "client.py"),),
            has={
                "client.py": (
                    'for event in fal_client.stream("acme/story-fal", arguments={"prompt": "once"}):\n    print(str(event), end="")',
                )
            },
            apps={"acme/story": "acme/story-fal"},
        ),
        Case(
            "the kind of an event is left to a person",
            "untouched",
            {
                "client.py": """
                import replicate

                for event in replicate.stream("acme/story", input={"prompt": "once"}):
                    print(event.event)
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            has={"client.py": ("event.event",)},
            status="partial",
            apps={"acme/story": "acme/story-fal"},
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
