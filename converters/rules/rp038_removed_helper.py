"""RP038: helpers that current versions of the SDK no longer have."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP038",
    title="helpers that current versions of the SDK no longer have",
    safety="manual",
    explanation="""
    Old workers use `runpod.serverless.utils.download`, `upload` and `validator`, `rp_download.download_input_objects` or
    `rp_upload.file`, which the SDK dropped. With a current SDK such a worker does not even import, on RunPod or anywhere else; the
    converter does not guess what shall take their place.
    Pin the version that has the helper, if it still runs on Python 3.10 and newer, or replace the call.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "a removed upload module is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import upload

                def handler(job):
                    return {"url": upload.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 2), Seen("manual", 5)),
            status="partial",
        ),
        Case(
            "the helper of today's name is no removed one",
            "untouched",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_upload

                def handler(job):
                    return {"url": rp_upload.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a module of the project called upload is its own",
            "untouched",
            {
                "handler.py": """
                import runpod
                import upload

                def handler(job):
                    return {"url": upload.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """,
                "upload.py": """
                def upload_image(name, path):
                    return name + path
                """,
            },
        ),
    ),
)
