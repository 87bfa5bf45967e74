"""CL002: submitting a job to a RunPod endpoint, and the job itself."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL002",
    title="endpoint.run(...) -> fal_client.submit(...)",
    safety="safe",
    expected="a wait for an answer has a limit of time wherever the old call had one",
    guide=("RunPod 11",),
    explanation="""
    `fal_client.submit` gives a handle of the request as `run` gives a job: `job.output()` becomes `get()`, `job.job_id`
    `request_id`, `cancel()` stays. `get()` waits for the result and raises `FalClientHTTPError` for a failed request, where
    `output()` gave None for one that had failed or was not finished. A limit that was given to `output` has no counterpart on the
    handle, and is named.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/development/calling-your-endpoints"),
    ),
    cases=(
        Case(
            "a job that is submitted and asked for becomes a handle",
            "converted",
            {
                "client.py": """
                import runpod

                endpoint = runpod.Endpoint("abc123")
                job = endpoint.run({"input": {"prompt": "a cat"}})
                print(job.job_id)
                print(job.output())
                """
            },
            seen=(
                Seen("converted", 4, "client.py"),
                Seen("converted", 6, "client.py"),
            ),
            has={
                "client.py": ('job = fal_client.submit(endpoint, arguments={"prompt": "a cat"})', "print(job.request_id)\nprint(job.get())")
            },
            apps=APPS,
        ),
        Case(
            "the asynchronous client becomes that of fal",
            "converted",
            {
                "client.py": """
                import aiohttp
                from runpod import AsyncioEndpoint, AsyncioJob

                async def main():
                    async with aiohttp.ClientSession() as session:
                        endpoint = AsyncioEndpoint("abc123", session)
                        job: AsyncioJob = await endpoint.run({"prompt": "a cat"})
                        return await job.output()
                """
            },
            seen=(Seen("converted", 7, "client.py"),),
            has={
                "client.py": (
                    'job: fal_client.AsyncRequestHandle = await fal_client.submit_async(endpoint, arguments={"prompt": "a cat"})',
                    "return await job.get()",
                )
            },
            lacks={"client.py": ("runpod",)},
            apps=APPS,
        ),
        Case(
            "a limit of waiting is named",
            "partial",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").run({"input": {"prompt": "a cat"}}).output(timeout=60))
                """
            },
            seen=(Seen("manual", 3, "client.py"),),
            has={"client.py": ('fal_client.submit("acme/upscaler", arguments={"prompt": "a cat"}).get()',)},
            status="converted",
            apps=APPS,
        ),
        Case(
            "an endpoint that is only waited for submits nothing",
            "untouched",
            {"client.py": CALLER},
            lacks={"client.py": ("submit",)},
            apps=APPS,
        ),
        Case(
            "a job of another library stays",
            "untouched",
            {
                "client.py": """
                import runpod
                from rq import Queue

                job = Queue().enqueue(print)
                print(job.job_id, runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                """
            },
            has={"client.py": ("print(job.job_id, fal_client",)},
            apps=APPS,
        ),
    ),
)
