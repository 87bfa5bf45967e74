"""RP033: RunPod's clean-up helper stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.sdk_names import UTILS, held_by

NAMES = frozenset(held_by(f"{UTILS}.rp_cleanup", "clean"))
"""Names of the SDK that stay."""
REASON = "the clean-up helper stays: it only removes folders of the working directory"

rule = Rule(
    code="RP033",
    title="rp_cleanup stays",
    safety="safe",
    explanation="""
    `rp_cleanup.clean` removes folders of the working directory (`input_objects`, `output_objects`, `job_files` and those it is
    given). It does the same on a runner.
    Check the folders it is given: on fal, `/data` is shared by all runners of the account and must not be cleaned per request.
    """,
    links=(runpod_docs("serverless/development/cleanup"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "folders are cleaned after a job as before",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_cleanup

                def handler(job):
                    rp_cleanup.clean(["scratch"])
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 2), Seen("kept", 5)),
            has={"handler.py": ('rp_cleanup.clean(["scratch"])',)},
            style="keep",
        ),
        Case(
            "a folder that the handler removes itself is no business of ours",
            "untouched",
            {
                "handler.py": """
                import shutil
                import runpod

                def handler(job):
                    shutil.rmtree("scratch", ignore_errors=True)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
    ),
)
