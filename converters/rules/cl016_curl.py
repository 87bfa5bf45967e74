"""CL016: curl of RunPod's API in scripts."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL016",
    title="curl api.runpod.ai -> curl queue.fal.run",
    safety="safe",
    expected="the command asks fal's address, with FAL_KEY and the app's own fields as its body",
    explanation="""
    `/runsync` becomes `https://fal.run/APP`, `/run` `https://queue.fal.run/APP`, `/status/ID` and `/cancel/ID` the addresses of the
    request below it; the key is `Key $FAL_KEY`, the body loses its envelope, and `jq` filters read fal's keys. A script whose
    commands deal with the same requests is rewritten as a whole or not at all. fal reports a failed request as COMPLETED with an
    `error`: check scripts that wait for FAILED.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/model-apis/inference/queue"),
    ),
    cases=(
        Case(
            "a script that waits for the result asks fal",
            "converted",
            {
                "call.sh": r"""
                #!/bin/sh
                curl -s "https://api.runpod.ai/v2/abc123/runsync" \
                  -H "Authorization: Bearer $RUNPOD_API_KEY" -H "Content-Type: application/json" \
                  -d '{"input": {"prompt": "a cat"}}' | jq -r '.output.url'
                """
            },
            seen=(Seen("converted", 2, "call.sh"),),
            has={
                "call.sh": (
                    '"https://fal.run/acme/upscaler"',
                    '"Authorization: Key $FAL_KEY"',
                    "-d '{\"prompt\": \"a cat\"}' | jq -r '.url'",
                )
            },
            apps=APPS,
        ),
        Case(
            "a script that submits and polls asks fal's queue",
            "converted",
            {
                "call.sh": """
                #!/bin/sh
                ID=$(curl -s https://api.runpod.ai/v2/abc123/run --json '{"input": {"prompt": "a cat"}}' | jq -r .id)
                until [ "$(curl -s https://api.runpod.ai/v2/abc123/status/$ID | jq -r .status)" = COMPLETED ]; do sleep 1; done
                curl -s https://api.runpod.ai/v2/abc123/status/$ID | jq .output
                """
            },
            has={
                "call.sh": (
                    "https://queue.fal.run/acme/upscaler --json",
                    "jq -r .request_id",
                    "/requests/$ID/status | jq -r .status",
                    "curl -s https://queue.fal.run/acme/upscaler/requests/$ID | jq .",
                )
            },
            apps=APPS,
        ),
        Case(
            "a body from a file is left to a person",
            "partial",
            {
                "call.sh": """
                #!/bin/sh
                curl https://api.runpod.ai/v2/abc123/run -d @body.json
                """
            },
            seen=(Seen("manual", 2, "call.sh"),),
            has={"call.sh": ("api.runpod.ai",)},
            status="partial",
            apps=APPS,
        ),
        Case(
            "curl of something else stays",
            "untouched",
            {
                "call.sh": """
                curl https://example.com/run
                """,
                "client.py": CALLER,
            },
            has={"call.sh": ("curl https://example.com/run",)},
            apps=APPS,
        ),
        Case(
            "a comment is no command",
            "untouched",
            {
                "call.sh": """
                # curl https://api.runpod.ai/v2/abc123/run
                """,
                "client.py": CALLER,
            },
            apps=APPS,
        ),
        Case(
            "an address that no command sends is left to a person",
            "partial",
            {
                "call.sh": """
                #!/bin/sh
                URL=https://api.runpod.ai/v2/abc123/run
                wget $URL
                """,
            },
            seen=(Seen("manual", 2, "call.sh"),),
            apps=APPS,
        ),
        Case(
            "a variable with the endpoint holds the app from now on",
            "partial",
            {
                "call.sh": """
                #!/bin/sh
                curl https://api.runpod.ai/v2/$ENDPOINT/runsync -d '{"input": {"prompt": "a cat"}}'
                """,
            },
            seen=(
                Seen("manual", 2, "call.sh"),
                Seen("converted", 2, "call.sh"),
            ),
            apps=APPS,
            status="converted",
        ),
    ),
)
