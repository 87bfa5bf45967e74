"""RP032: RunPod's upload helper stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP
from converters.rules.sdk_names import UTILS, held_by

_UPLOADS = ("upload_file_to_bucket", "upload_in_memory_object")
_HELD = ("upload_image", "files", "bucket_upload", "get_boto_client", "extract_region_from_url", *_UPLOADS)
NAMES = frozenset((*held_by(f"{UTILS}.rp_upload", *_HELD), *(f"{UTILS}.{name}" for name in _UPLOADS)))
"""Names of the SDK that stay."""
REASON = "the upload helper stays: it writes to the bucket that BUCKET_* variables name"

rule = Rule(
    code="RP032",
    title="rp_upload stays, and its bucket's credentials are secrets",
    safety="safe",
    expected="the variables that name the bucket are secrets of the account",
    explanation="""
    `rp_upload` writes to the S3 bucket that the `BUCKET_*` variables or the request's `s3Config` name, and returns a presigned URL;
    fal changes nothing of that. Without credentials it copies the file into a local folder and returns that path, which means
    nothing to a caller.
    Set the bucket's variables as fal secrets; fal's own CDN (`Image`, `File`) is the way without a bucket.
    """,
    links=(runpod_docs("serverless/endpoints/send-requests"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "results go to the project's own bucket as before, whose variables are asked for",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_upload import upload_image

                def handler(job):
                    return {"url": upload_image(job["id"], job["input"]["path"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 2), Seen("kept", 5), Seen("manual", 5)),
            has={
                "handler.py": ("upload_image(job",),
                "MIGRATION.md": ("fal secrets set BUCKET_ENDPOINT_URL=...", "fal secrets set BUCKET_SECRET_ACCESS_KEY=..."),
            },
            style="keep",
            status="converted",
        ),
        Case(
            "a bucket that the Dockerfile names is asked for as far as it does not",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"url": runpod.serverless.utils.rp_upload.upload_image(job["id"], job["input"]["path"])}

                runpod.serverless.start({"handler": handler})
                """,
                "Dockerfile": PIP + "ENV BUCKET_ENDPOINT_URL=https://bucket.example\n",
            },
            seen=(Seen("manual", 4),),
            has={"MIGRATION.md": ("fal secrets set BUCKET_ACCESS_KEY_ID=...",)},
            lacks={"MIGRATION.md": ("fal secrets set BUCKET_ENDPOINT_URL",)},
        ),
        Case(
            "a bucket that the code can do without is told",
            "converted",
            {
                "handler.py": """
                import os
                import runpod
                from runpod.serverless.utils.rp_upload import upload_image

                def handler(job):
                    if os.environ.get("BUCKET_ENDPOINT_URL"):
                        return {"url": upload_image(job["id"], job["input"]["path"])}
                    return {"path": job["input"]["path"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 7),),
            has={"MIGRATION.md": ("What changes",)},
        ),
        Case(
            "an upload that is given its bucket asks for no variable",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_upload import upload_file_to_bucket

                def handler(job):
                    return {"url": upload_file_to_bucket("a.png", job["input"]["path"], job["input"]["bucket"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 5),),
            lacks={"MIGRATION.md": ("BUCKET_",)},
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
        Case(
            "a variable of the bucket that the listing gives is not asked for",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_upload


                def handler(job):
                    return {"url": rp_upload.upload_image(job["id"], "a.png")}


                runpod.serverless.start({"handler": handler})
                """,
                ".runpod/hub.json": '{"config": {"env": [{"key": "BUCKET_ENDPOINT_URL", "value": "https://files.example.com"}]}}',
            },
            seen=(Seen("manual", 6, says="writes to the bucket that BUCKET_ACCESS_KEY_ID, BUCKET_SECRET_ACCESS_KEY name"),),
            status="converted",
        ),
    ),
)
