"""RP049: alternative settings of the listing."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

GPUS = ("gpuIds", "gpuId", "gpu", "gpuType", "gpuTypeId", "gpuTypeIds")
"""Keys of a preset that name a GPU or pool, in the order in which they are believed."""


def _preset(entry: str, others: str = "") -> dict[str, str]:
    return {"handler.py": WORKER, ".runpod/hub.json": f'{{"config": {{\n{others}"presets": [\n{entry}\n]}}}}'}


rule = Rule(
    code="RP049",
    title="presets of hub.json",
    safety="safe",
    expected="every preset that is used is an app of its own",
    explanation="""
    A preset is another set of values for the same variables, which a person chooses when deploying from RunPod's hub. fal has no
    such choice: an app has one set of variables, and another set is another app.
    Where the listing names no GPU and a preset does, the machine is that of the first such preset, rather than an assumed one.
    Deploy a second app with the preset's variables if you use one.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/deployment/deploy-to-production")),
    cases=(
        Case(
            "every preset is named for the deployment",
            "partial",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "config": {
                        "presets": [
                            {"name": "small", "defaults": {"MODE": "small"}},
                            {"name": "large", "defaults": {"MODE": "large"}}
                        ]
                    }
                }
                """,
            },
            seen=(
                Seen("converted", 3, ".runpod/hub.json"),
                Seen("manual", 4, ".runpod/hub.json", says="preset `small`: deploy another app"),
                Seen("manual", 5, ".runpod/hub.json"),
            ),
            status="converted",
        ),
        Case(
            "a listing without presets has one set of values",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"env": [{"key": "MODE", "value": "fast"}]}}'},
        ),
        Case(
            "the GPU of a preset is the machine where nothing else names one",
            "converted",
            _preset('{"name": "spot", "gpu": "NVIDIA T4", "gpuCount": 2}'),
            seen=(Seen("converted", 3, ".runpod/hub.json"),),
            has={"app.py": ('machine_type = "GPU-RTX4090"  # .runpod/hub.json:3 NVIDIA T4', "num_gpus = 2")},
            status="converted",
        ),
        Case(
            "the first of several presets tells the machine",
            "partial",
            _preset('{"name": "a", "gpuIds": "AMPERE_48"},\n{"name": "b", "gpuIds": "HOPPER_141"}'),
            seen=(Seen("converted", 3, ".runpod/hub.json"), Seen("manual", 4, ".runpod/hub.json")),
            has={"app.py": ('machine_type = "GPU-L40"',)},
        ),
        Case(
            "the listing's own GPU is believed before that of a preset",
            "partial",
            _preset('{"name": "a", "gpuIds": "HOPPER_141"}', '"gpuIds": "AMPERE_48",\n'),
            has={"app.py": ('machine_type = "GPU-L40"',)},
            lacks={"app.py": ("GPU-H200",)},
        ),
        Case(
            "a GPU of a preset that is not known tells no machine",
            "partial",
            _preset('{"name": "a", "gpu": "Voodoo 2", "gpuCount": 2}'),
            has={"app.py": ('machine_type = "L"  # assumed',)},
            lacks={"app.py": ("num_gpus",)},
        ),
        Case(
            "a listing without presets that counts GPUs and names none tells no machine",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuCount": 1}}'},
            has={"app.py": ('machine_type = "L"  # assumed',)},
        ),
    ),
)
