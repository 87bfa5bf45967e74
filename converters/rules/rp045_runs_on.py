"""RP045: whether a worker runs on a GPU or a CPU."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP045",
    title="runsOn -> machine_type",
    safety="safe",
    explanation="""
    `CPU` becomes fal's machine type `L` (4 cores, 15 GB); for `GPU` the machine type says it, and `gpuIds` says which.
    Check the size of the CPU machine, which the listing does not state.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "a worker on a CPU gets a CPU machine",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"runsOn": "CPU"}}'},
            seen=(Seen("converted", 1, ".runpod/hub.json"),),
            has={"app.py": ('machine_type = "L"',)},
        ),
        Case(
            "a listing that does not say it leaves it to gpuIds",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24"}}'},
            has={"app.py": ('machine_type = "GPU-RTX4090"',)},
        ),
        Case(
            "a worker without a listing says nothing",
            "untouched",
            {"handler.py": WORKER},
        ),
    ),
)
