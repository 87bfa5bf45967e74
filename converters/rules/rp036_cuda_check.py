"""RP036: RunPod's check for a GPU stays in kept code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.sdk_names import UTILS, held_by

NAMES = frozenset(held_by(f"{UTILS}.rp_cuda", "is_available"))
"""Names of the SDK that stay."""
REASON = "the CUDA check stays"

rule = Rule(
    code="RP036",
    title="rp_cuda stays",
    safety="safe",
    explanation="""
    `rp_cuda.is_available` asks `nvidia-smi`, which every GPU machine of fal has. It answers the same there.
    Check that `machine_type` names a GPU if the code needs one.
    """,
    links=(runpod_docs("serverless/development/overview"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "the check for a GPU stays",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_cuda

                def handler(job):
                    return {"gpu": rp_cuda.is_available(), "text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 2), Seen("kept", 5)),
            has={"handler.py": ("rp_cuda.is_available()",)},
            style="keep",
        ),
        Case(
            "torch's own check for a GPU is not RunPod's",
            "untouched",
            {
                "handler.py": """
                import runpod
                import torch

                def handler(job):
                    return {"gpu": torch.cuda.is_available(), "text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
    ),
)
