"""RP039: calls of RunPod's own API and of the inner parts of its worker loop."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP039",
    title="RunPod's API and the inner parts of its worker",
    safety="manual",
    expected="the code calls fal apps with fal_client, and nothing of RunPod's",
    explanation="""
    `runpod.Endpoint`, `runpod.create_pod` and their like talk to RunPod's servers; `rp_http`, `rp_scale` and other modules are the
    worker loop itself, which does not run on fal.
    None of these has a counterpart under its own name.
    Call the fal app with `fal_client`, and take the rest out.
    """,
    links=(runpod_docs("serverless/endpoints/send-requests"), fal_docs("documentation/development/calling-your-endpoints")),
    cases=(
        Case(
            "a handler that calls another endpoint is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return runpod.Endpoint("abc").run_sync({"input": job["input"]})

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 4),),
            status="partial",
        ),
        Case(
            "a program beside the worker that calls the endpoint is named for the deployment",
            "partial",
            {
                "handler.py": WORKER,
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc").run_sync({"input": {}}))
                """,
            },
            seen=(Seen("manual", 3, "client.py"),),
            status="converted",
        ),
        Case(
            "a class of the project called Endpoint is its own",
            "untouched",
            {
                "handler.py": """
                import runpod

                class Endpoint:
                    def run_sync(self, request):
                        return {"text": request["prompt"]}

                def handler(job):
                    return Endpoint().run_sync(job["input"])

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a request to the worker's own server is no call of RunPod",
            "untouched",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    return requests.post("http://127.0.0.1:8188/prompt", json=job["input"]).json()

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "an inner part of the worker's loop is taken out by a person",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.modules.rp_job import run_job


                def handler(job):
                    return run_job(None, job)


                runpod.serverless.start({"handler": handler})
                """,
            },
            seen=(
                Seen("manual", 2),
                Seen("manual", 6),
            ),
        ),
    ),
)
