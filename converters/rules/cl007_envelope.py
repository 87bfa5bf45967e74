"""CL007: what stands around the input of a job."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL007",
    title='{"input": {...}} -> arguments={...}',
    safety="safe",
    expected="the app is deployed with the limit that the request stated, as `request_timeout`",
    explanation="""
    fal takes the input as it is, so the envelope around it goes. `policy` becomes `priority` and `start_timeout` of the call; an
    execution timeout is a setting of the app. Other keys beside `input` are sent among its fields where the project's own worker
    reads them, as the converted app expects; a key that nobody is known to read is left to a person.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "the envelope of a named body goes",
            "converted",
            {
                "client.py": """
                import runpod

                payload = {"input": {"prompt": "a cat"}}
                print(runpod.Endpoint("abc123").run_sync(payload))
                """
            },
            has={"client.py": ('payload = {"prompt": "a cat"}\nprint(fal_client.subscribe("acme/upscaler", arguments=payload))',)},
            apps=APPS,
        ),
        Case(
            "a policy becomes options of the call and a setting of the app",
            "partial",
            {
                "client.py": """
                import runpod

                POLICY = {"lowPriority": True, "ttl": 60000, "executionTimeout": 900000}
                runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}, "policy": POLICY})
                """
            },
            seen=(Seen("manual", 4, "client.py"),),
            has={"client.py": ('arguments={"prompt": "a cat"}, priority="low", start_timeout=60)',)},
            status="converted",
            apps=APPS,
        ),
        Case(
            "a key that the worker reads goes among the fields",
            "untouched",
            {
                "client.py": """
                import runpod

                runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}, "s3Config": {"bucketName": "b"}})
                """,
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "to": job["s3Config"]}

                runpod.serverless.start({"handler": handler})
                """,
            },
            has={"client.py": ('arguments={**{"prompt": "a cat"}, "s3Config": {"bucketName": "b"}}',)},
            within=("handler.py",),
            apps=APPS,
        ),
        Case(
            "a key that nobody is known to read is left to a person",
            "untouched",
            {
                "client.py": """
                import runpod

                runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}, "callback": "https://example.com"})
                """
            },
            seen=(Seen("manual", 3, "client.py", rule="CL009"),),
            has={"client.py": ("callback",)},
            status="partial",
            apps=APPS,
        ),
        Case(
            "an input without an envelope is sent as it is",
            "untouched",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                """
            },
            has={"client.py": ('arguments={"prompt": "a cat"}',)},
            apps=APPS,
        ),
    ),
)
