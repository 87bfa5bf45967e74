"""RP041: the `config` of hub.json is read key by key."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP041",
    title="config of hub.json is read key by key",
    safety="safe",
    explanation="""
    `config` is where the listing on RunPod's hub states GPU, disk and environment. Each of its keys has a line of its own in the
    report; this rule only says that the object as a whole was opened.
    Check the keys that are reported as not known.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "the keys below config are reported one by one",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "config": {
                        "gpuIds": "ADA_24"
                    }
                }
                """,
            },
            seen=(Seen("converted", 2, ".runpod/hub.json"), Seen("converted", 3, ".runpod/hub.json", "RP043")),
        ),
        Case(
            "a listing without config states no settings",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"title": "worker"}'},
        ),
        Case(
            "the config of another JSON file is not the hub's",
            "untouched",
            {"handler.py": WORKER, "model/config.json": '{"config": {"gpuIds": "ADA_24"}}'},
            lacks={"app.py": ("GPU-RTX4090",)},
        ),
        Case(
            "the kind of an endpoint decides what its image is converted as",
            "converted",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"endpointType": "QB"}}'},
            seen=(Seen("converted", 1, ".runpod/hub.json"),),
        ),
    ),
)
