"""RP046: the size of the container's disk."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP046",
    title="containerDiskInGb has no counterpart",
    safety="safe",
    explanation="""
    RunPod gives each worker a disk of the stated size; fal runners have no such setting. What the image holds is in the image, and
    large files that should outlive a runner belong in `/data`.
    Check workers that write tens of gigabytes per request.
    """,
    links=(runpod_docs("serverless/storage/overview"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "the size of the disk is dropped",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"containerDiskInGb": 20}}'},
            seen=(Seen("dropped", 1, ".runpod/hub.json"),),
            status="converted",
        ),
        Case(
            "a listing without a size says nothing",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"runsOn": "CPU"}}'},
        ),
    ),
)
