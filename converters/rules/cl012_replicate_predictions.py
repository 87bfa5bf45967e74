"""CL012: predictions of Replicate."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL012",
    title="replicate.predictions.create(...) -> fal_client.submit(...)",
    safety="safe",
    expected="the weights that a training answers with reach the app as COG_WEIGHTS",
    guide=("Replicate 8",),
    explanation="""
    `fal_client.submit` gives a handle: `prediction.wait()` and `prediction.output` become `get()`, `prediction.id` `request_id`,
    `cancel()` stays, and `reload()` goes, since the handle asks the server each time. A failed request raises `FalClientHTTPError`
    where its result is asked for. Logs of a prediction and its list are left to a person.
    """,
    links=(
        "https://replicate.com/docs/get-started/python",
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a prediction becomes a handle",
            "converted",
            {
                "client.py": """
                import replicate

                prediction = replicate.predictions.create(model="acme/story", input={"prompt": "once"})
                prediction.wait()
                print(prediction.id, prediction.output)
                """
            },
            seen=(
                Seen("converted", 3, "client.py"),
                Seen("converted", 4, "client.py"),
            ),
            has={
                "client.py": (
                    'prediction = fal_client.submit("acme/story-fal", arguments={"prompt": "once"})\nprediction.get()\n',
                    'print(prediction.request_id, prediction.get()["output"])',
                )
            },
            apps={"acme/story": "acme/story-fal"},
        ),
        Case(
            "the logs of a prediction are left to a person",
            "untouched",
            {
                "client.py": """
                import replicate

                prediction = replicate.predictions.create(model="acme/story", input={"prompt": "once"})
                print(prediction.logs)
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            has={"client.py": ("replicate.predictions.create(",)},
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
