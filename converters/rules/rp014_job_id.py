"""RP014: the id of the job is the id of fal's request."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP014",
    title='job["id"] -> the id of the fal request',
    safety="safe",
    explanation="""
    The kept handler still finds an `id` in its job: the id that fal gave the request, which the caller knows, too. It is as unique
    as RunPod's, so file names and keys that are made from it stay apart.
    Check code that parses the id or relies on its form: RunPod appends a suffix such as `-u1`, fal's is a UUID.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/model-apis/inference/queue")),
    cases=(
        Case(
            "a file name that is made from the job's id",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"name": job["id"] + ".png", "text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 4),),
            has={"app.py": ('{"id": self.current_request.request_id',)},
            style="keep",
        ),
        Case(
            "an id among the input's own keys is a field",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"name": job["input"]["id"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"app.py": ("id: ",)},
        ),
        Case(
            "a handler that reads only its input has no use for the id",
            "untouched",
            {"handler.py": WORKER},
        ),
    ),
)
