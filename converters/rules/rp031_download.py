"""RP031: RunPod's download helper stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER
from converters.rules.sdk_names import UTILS, held_by

_HELD = ("download_files_from_urls", "file", "calculate_chunk_size", "extract_disposition_params", "HEADERS")
NAMES = frozenset((*held_by(f"{UTILS}.rp_download", *_HELD), f"{UTILS}.download_files_from_urls"))
"""Names of the SDK that stay."""
REASON = "the download helper stays: it works without the platform"

rule = Rule(
    code="RP031",
    title="rp_download stays",
    safety="safe",
    explanation="""
    `rp_download` fetches URLs into folders of the working directory and needs nothing of the platform. It stays, with the
    project's pin, because its behaviour differs by version: from 1.12 on it refuses private addresses.
    Check the disk of the runner where inputs are large; fal's `download_file` is the native way.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "files of the input are downloaded as before",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_download

                def handler(job):
                    return {"size": len(rp_download.file(job["input"]["url"])["file_path"])}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "runpod==1.7.9",
            },
            seen=(Seen("kept", 2), Seen("kept", 5)),
            has={"app.py": ('requirements = ["runpod==1.7.9"]',), "handler.py": ("rp_download.file(",)},
            style="keep",
        ),
        Case(
            "a download with another library is not RunPod's",
            "untouched",
            {
                "handler.py": """
                import runpod
                import urllib.request

                def handler(job):
                    return {"path": urllib.request.urlretrieve(job["input"]["url"])[0]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "an import of the helper that nobody uses is still kept apart",
            "untouched",
            {
                "handler.py": WORKER,
                "download.py": """
                def rp_download(url):
                    return url
                """,
            },
        ),
    ),
)
