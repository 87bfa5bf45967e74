"""RP038: helpers that present releases of the SDK no longer have."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

rule = Rule(
    code="RP038",
    title="helpers that present releases of the SDK no longer have",
    safety="safe",
    expected="the code uses nothing that the SDK has no more",
    explanation="""
    Old workers use `runpod.serverless.utils.download`, `upload` and `validator` (up to 0.8.4), `rp_download.download_input_objects`
    or `rp_upload.file` (up to 0.9.1); with a present SDK such a worker does not even import. Where the project pins a release that has
    them, they stay. Else the present name that means the same takes their place, or the SDK is pinned to the last release that has them
    (the old validator returned a list). What has neither is left to a person.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "a renamed upload module gets its present name",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import upload

                def handler(job):
                    return {"url": upload.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 2), Seen("converted", 5)),
            has={"handler.py": ("from runpod.serverless.utils import rp_upload as upload", "upload.upload_image(job")},
            status="converted",
            style="keep",
        ),
        Case(
            "a download of a list becomes downloads of its items",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_download

                def handler(job):
                    image, mask = rp_download.download_input_objects(
                        [job["input"]["image"], job["input"].get("mask")]
                    )
                    return {"image": image, "mask": mask}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 5),),
            has={"handler.py": ('image, mask = [None if url is None else rp_download.file(url)["file_path"] for url in (',)},
            status="converted",
            style="keep",
        ),
        Case(
            "an upload to a named bucket takes the name from the credentials",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_upload

                def handler(job):
                    config = job["s3Config"]
                    return {"url": rp_upload.file("a.bin", "/tmp/a.bin", config)}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 6),),
            has={"handler.py": ('rp_upload.upload_file_to_bucket("a.bin", "/tmp/a.bin", config, config["bucketName"])',)},
            status="converted",
            style="keep",
        ),
        Case(
            "the old validator keeps the release that has it",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import validator

                SCHEMA = {"prompt": {"type": str, "required": True}, "steps": {"type": int, "required": False}}

                def handler(job):
                    errors = validator.validate(job["input"], SCHEMA)
                    return {"error": errors} if errors else {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 1), Seen("kept", 2), Seen("kept", 7)),
            has={
                "handler.py": ("from runpod.serverless.utils import validator",),
                "app.py": ('"runpod==0.8.4"', "prompt: str", "steps: Integer | None = None"),
            },
            status="converted",
            style="keep",
        ),
        Case(
            "an old helper that is handed on is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_download

                def handler(job):
                    return list(map(rp_download.download_input_objects, [job["input"]["images"]]))

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 5, says="runpod 0.9.1 is the last release that has it"),),
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
        Case(
            "a local name like an old helper is no helper",
            "untouched",
            {
                "handler.py": """
                import runpod
                from helpers import download_input_objects

                def handler(job):
                    return {"paths": download_input_objects([job["input"]["url"]])}

                runpod.serverless.start({"handler": handler})
                """,
                "helpers.py": """
                def download_input_objects(urls):
                    return urls
                """,
            },
        ),
        Case(
            "a renamed module keeps the name that the worker gives it",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import upload as up

                def handler(job):
                    return {"url": up.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 2), Seen("converted", 5)),
            has={"handler.py": ("from runpod.serverless.utils import rp_upload as up\n",)},
            status="converted",
            style="keep",
        ),
        Case(
            "an old name that is imported by itself gets its present module and name",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils.rp_download import download_input_objects
                from runpod.serverless.utils.upload import upload_image as file

                def handler(job):
                    image, mask = download_input_objects([job["input"]["image"], job["input"].get("mask")])
                    return {"image": image, "mask": mask, "url": file(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 2), Seen("converted", 3), Seen("converted", 6), Seen("converted", 7)),
            has={
                "handler.py": (
                    "from runpod.serverless.utils.rp_download import file as download_file\n",
                    "from runpod.serverless.utils.rp_upload import upload_image as file\n",
                )
            },
            status="converted",
            style="keep",
        ),
        Case(
            "a renamed module that is imported whole keeps the name that the worker gives it",
            "converted",
            {
                "handler.py": """
                import runpod
                import runpod.serverless.utils.upload as up

                def handler(job):
                    return {"url": up.upload_image(job["input"]["name"], "/tmp/x.png")}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 2), Seen("converted", 5)),
            has={"handler.py": ("import runpod.serverless.utils.rp_upload as up\n",)},
            status="converted",
            style="keep",
        ),
        Case(
            "a call that fed the loop's metrics goes, a use of its answer is left to a person",
            "partial",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.modules import rp_metrics


                def handler(job):
                    rp_metrics.metrics_collector.update_stream_aggregate(job_id=job["id"], aggregate_output=[])
                    kept = rp_metrics.metrics_collector
                    return {"text": job["input"]["prompt"].upper(), "kept": str(kept)}


                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(
                Seen("converted", 6, says="it fed the metrics of RunPod's worker loop"),
                Seen("manual", 7, says="no release has it: take it out"),
            ),
            lacks={"handler.py": ("update_stream_aggregate",)},
            status="partial",
            style="keep",
        ),
        Case(
            "a requirement that allows the last release with old names gives way to its pin",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import validator


                def handler(job):
                    return validator.validate(job["input"], {})


                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "runpod<1\nnumpy",
            },
            seen=(Seen("converted", 1, says="runpod is pinned to 0.8.4"),),
            has={"app.py": ('requirements = ["numpy", "runpod==0.8.4"]',)},
        ),
    ),
)
