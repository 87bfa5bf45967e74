"""RP044: how many GPUs a worker has."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP044",
    title="gpuCount -> num_gpus",
    safety="safe",
    expected="`num_gpus` is the number of GPUs of the worker",
    explanation="""
    More than one GPU per worker is written as `num_gpus`; one is fal's default and is not written.
    Check that the code really uses several GPUs: each of them is paid for.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "two GPUs are written",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24", "gpuCount": 2}}'},
            seen=(Seen("converted", 1, ".runpod/hub.json", says="2 -> num_gpus"),),
            has={"app.py": ("num_gpus = 2",)},
        ),
        Case(
            "one GPU is the default and is not written",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24", "gpuCount": 1}}'},
            lacks={"app.py": ("num_gpus",)},
            seen=(Seen("converted", 1, ".runpod/hub.json", says="1 -> one GPU, which is the default"),),
        ),
        Case(
            "a listing without a count says nothing",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24"}}'},
            lacks={"app.py": ("num_gpus",)},
        ),
        Case(
            "a count among the input's examples is no setting",
            "untouched",
            {"handler.py": WORKER, "test_input.json": '{"input": {"prompt": "hello", "gpuCount": 2}}'},
            lacks={"app.py": ("num_gpus",)},
        ),
        Case(
            "a count that is no number is named",
            "partial",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuCount": "two"}}'},
            seen=(Seen("manual", 1, ".runpod/hub.json", says='`gpuCount` is "two"'),),
            lacks={"app.py": ("num_gpus",)},
            status="converted",
        ),
        Case(
            "no GPU is no number to write",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuCount": 0, "runsOn": "CPU"}}'},
            seen=(Seen("converted", 1, ".runpod/hub.json", says="0 -> no GPU"),),
            lacks={"app.py": ("num_gpus",)},
        ),
    ),
)
