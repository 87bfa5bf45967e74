"""CL017: calls in JavaScript and TypeScript."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL017",
    title="replicate and runpod-sdk in JavaScript",
    safety="manual",
    expected="the program calls the app with @fal-ai/client",
    explanation="""
    JavaScript is read for calls of both platforms and not rewritten: every call is listed with what takes its place in
    `@fal-ai/client`. Comments are no calls.
    """,
    links=(
        "https://replicate.com/docs/get-started/nodejs",
        "https://fal.ai/docs/clients/javascript",
    ),
    cases=(
        Case(
            "a model that is run is listed",
            "partial",
            {
                "client.ts": """
                import Replicate from "replicate";

                const replicate = new Replicate();
                const output = await replicate.run("acme/up", { input: { n: 2 } });
                """
            },
            seen=(
                Seen("manual", 1, "client.ts"),
                Seen("manual", 4, "client.ts"),
            ),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a request to the API is listed",
            "partial",
            {
                "client.js": """
                const answer = await fetch(`https://api.runpod.ai/v2/${id}/runsync`, { method: "POST" });
                """
            },
            seen=(Seen("manual", 1, "client.js"),),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a comment is no call",
            "untouched",
            {
                "client.js": """
                // fetch("https://api.runpod.ai/v2/abc123/runsync")
                export const replicate = { run() {} };
                """,
                "client.py": CALLER,
            },
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
