"""RP049: alternative settings of the listing."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP049",
    title="presets of hub.json",
    safety="safe",
    explanation="""
    A preset is another set of values for the same variables, which a person chooses when deploying from RunPod's hub. fal has no
    such choice: an app has one set of variables, and another set is another app.
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
                Seen("manual", 4, ".runpod/hub.json", says="preset `small`"),
                Seen("manual", 5, ".runpod/hub.json"),
            ),
            status="converted",
        ),
        Case(
            "a listing without presets has one set of values",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"env": [{"key": "MODE", "value": "fast"}]}}'},
        ),
    ),
)
