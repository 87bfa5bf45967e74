"""CL014: webhooks of requests."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL014",
    title="webhook -> webhook_url",
    safety="manual",
    expected="the receiver of the webhook reads fal's body and checks fal's signature",
    guide=("Replicate 9",),
    explanation="""
    A webhook is an option of `fal_client.submit`. fal calls it once, when the request is completed, with a body of its own:
    `request_id`, `status` (OK or ERROR), `payload` and `error`. The call is rewritten; the program behind the webhook is named for
    a person, because its body changes.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/model-apis/inference/webhooks"),
    ),
    cases=(
        Case(
            "a webhook of a job becomes an option of the call",
            "partial",
            {
                "client.py": """
                import runpod

                runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}, "webhook": "https://example.com/done"})
                """
            },
            seen=(Seen("manual", 3, "client.py"),),
            has={"client.py": ('arguments={"prompt": "a cat"}, webhook_url="https://example.com/done")',)},
            status="converted",
            apps=APPS,
        ),
        Case(
            "a webhook of a prediction becomes an option of the call",
            "partial",
            {
                "client.py": """
                import replicate

                DONE = "https://example.com/done"
                replicate.predictions.create(model="acme/up", input={"n": 2}, webhook=DONE, webhook_events_filter=["start"])
                """
            },
            seen=(Seen("manual", 4, "client.py"),),
            has={"client.py": ('arguments={"n": 2}, webhook_url=DONE)',)},
            status="converted",
            apps={"acme/up": "acme/up-fal"},
        ),
        Case(
            "a webhook of a request that is waited for is left to a person",
            "untouched",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}, "webhook": "https://example.com/done"}))
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a request without a webhook names none",
            "untouched",
            {"client.py": CALLER},
            apps=APPS,
        ),
    ),
)
