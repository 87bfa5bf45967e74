"""RP032: RunPod's upload helper stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP032",
    title="rp_upload stays, and its bucket's credentials are secrets",
    safety="safe",
    explanation="""
    `rp_upload` writes to the S3 bucket that the `BUCKET_*` variables or the request's `s3Config` name, and returns a presigned URL;
    fal changes nothing of that. Without credentials it copies the file into a local folder and returns that path, which means
    nothing to a caller.
    Set the bucket's variables as fal secrets; fal's own CDN (`Image`, `File`) is the way without a bucket.
    """,
    links=(runpod_docs("serverless/endpoints/send-requests"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "results go to the project's own bucket as before",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_upload import upload_image

                def handler(job):
                    return {"url": upload_image(job["id"], job["input"]["path"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 2), Seen("kept", 5)),
            has={"handler.py": ("upload_image(job",)},
            style="keep",
        ),
        Case(
            "an upload with the project's own client is not RunPod's",
            "untouched",
            {
                "handler.py": """
                import boto3
                import runpod

                def handler(job):
                    boto3.client("s3").upload_file(job["input"]["path"], "bucket", "key")
                    return {"stored": True}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a function called upload_image of the project stays",
            "untouched",
            {
                "handler.py": """
                import runpod

                def upload_image(name, path):
                    return name + path

                def handler(job):
                    return {"url": upload_image("x", job["input"]["path"])}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
    ),
)
