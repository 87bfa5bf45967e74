"""RP043: the GPUs that the listing names."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP043",
    title="gpuIds -> machine_type",
    safety="safe",
    expected="`machine_type` is a machine of fal",
    explanation="""
    RunPod's pools and GPU names become fal's machine types of at least the same memory; several become a list, smallest first,
    because fal tries a list from its front. RunPod's `AMPERE_80` has 80 GB and fal's `GPU-A100` has 40, so that pool becomes
    `GPU-H100`. Exclusions such as `-NVIDIA L4` have no counterpart and are named.
    Check the price of the machine, and take a smaller one if the model fits.
    """,
    links=(runpod_docs("references/gpu-types"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "one pool becomes one machine type",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24"}}'},
            seen=(Seen("converted", 1, ".runpod/hub.json"),),
            has={"app.py": ('machine_type = "GPU-RTX4090"',)},
        ),
        Case(
            "several pools become a list with the smallest first",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "AMPERE_80,ADA_24,-NVIDIA L4"}}'},
            has={"app.py": ('machine_type = ["GPU-RTX4090", "GPU-H100"]',)},
        ),
        Case(
            "a GPU that nobody knows is left to a person",
            "partial",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "QUANTUM"}}'},
            seen=(Seen("manual", 1, ".runpod/hub.json"),),
        ),
        Case(
            "a listing without a GPU states none",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"containerDiskInGb": 20}}'},
            lacks={"app.py": ("GPU-",)},
        ),
        Case(
            "the GPU of the hub's tests is not the worker's",
            "untouched",
            {"handler.py": WORKER, ".runpod/tests.json": '{"tests": [], "config": {"gpuTypeId": "NVIDIA H200"}}'},
            lacks={"app.py": ("GPU-",)},
        ),
    ),
)
