"""RP047: the CUDA versions that the listing allows."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP047",
    title="allowedCudaVersions has no counterpart",
    safety="safe",
    explanation="""
    On RunPod this picks hosts whose driver is new enough. fal's machines run current drivers, and the wheels or the image bring
    the CUDA that the code was built with, so there is nothing to state.
    Check nothing, unless the image needs a driver that is newer than fal's.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "the list of CUDA versions is dropped",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"allowedCudaVersions": ["12.4"]}}'},
            seen=(Seen("dropped", 1, ".runpod/hub.json"),),
            status="converted",
        ),
        Case(
            "the CUDA version of a base image is no setting of the hub",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04
                RUN apt-get update && apt-get install -y python3.10 python3-pip
                COPY handler.py /handler.py
                CMD ["python3.10", "/handler.py"]
                """,
            },
        ),
        Case(
            "versions of drivers at the top of a listing are dropped",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": '{"title": "w", "allowedCudaVersions": ["12.4"]}\n',
            },
            seen=(Seen("dropped", 1, ".runpod/hub.json"),),
        ),
    ),
)
