"""CL005: names of a job's status."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL005",
    title='status == "COMPLETED" -> isinstance(status, fal_client.Completed)',
    safety="safe",
    explanation="""
    fal_client's status is an object: `Queued`, `InProgress` or `Completed`; what is printed looks different. fal calls a failed
    request completed, too, and says so in `error`, so COMPLETED becomes `Completed` without an error, FAILED `Completed` with one,
    and both together `Completed`. A request that timed out or was cancelled is told apart by `error_type`.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/model-apis/inference/queue"),
    ),
    cases=(
        Case(
            "a loop that waits for the end asks for fal's statuses",
            "converted",
            {
                "client.py": """
                import time
                import runpod

                job = runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}})
                status = job.status()
                while status in ("IN_QUEUE", "IN_PROGRESS"):
                    time.sleep(1)
                    status = job.status()
                print("done" if status == "COMPLETED" else "failed")
                """
            },
            seen=(Seen("converted", 5, "client.py"),),
            has={
                "client.py": (
                    "while not isinstance(status, fal_client.Completed):",
                    "(isinstance(status, fal_client.Completed) and status.error is None)",
                )
            },
            apps=APPS,
        ),
        Case(
            "a status that is asked for in a condition is asked for once",
            "converted",
            {
                "client.py": """
                import runpod

                job = runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}})
                if job.status() == "FAILED":
                    raise SystemExit(1)
                """
            },
            has={"client.py": ("if isinstance(status := job.status(), fal_client.Completed) and status.error is not None:",)},
            apps=APPS,
        ),
        Case(
            "the error of a prediction that failed stands in its status",
            "converted",
            {
                "client.py": """
                import time
                import replicate

                prediction = replicate.predictions.create(model="acme/story", input={"prompt": "a cat"})
                while prediction.status not in ("succeeded", "failed", "canceled"):
                    time.sleep(0.2)
                    prediction.reload()
                if prediction.status == "failed":
                    raise RuntimeError(prediction.error)
                print("".join(prediction.output))
                """
            },
            has={"client.py": ('raise RuntimeError(getattr(prediction.status(), "error", None))', 'prediction.get()["output"]')},
            lacks={"client.py": ("replicate", "reload")},
            apps={"acme/story": "acme/story"},
        ),
        Case(
            "a status of something else stays",
            "untouched",
            {
                "client.py": """
                import runpod

                def show(order):
                    if order.status() == "COMPLETED":
                        print(runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                """
            },
            has={"client.py": ('if order.status() == "COMPLETED":',)},
            apps=APPS,
        ),
        Case(
            "a status that is kept as text is left to a person",
            "untouched",
            {
                "client.py": """
                import runpod

                job = runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}})
                row = {"status": job.status()}
                """
            },
            seen=(Seen("manual", 4, "client.py", rule="CL009"),),
            has={"client.py": ("job.status()", "import runpod")},
            status="partial",
            apps=APPS,
        ),
    ),
)
