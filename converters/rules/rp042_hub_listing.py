"""RP042: keys of hub.json that only describe the worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

LISTING = frozenset(
    {"title", "description", "type", "category", "iconUrl", "icon", "$schema", "schema", "schemaVersion", "version", "name", "author",
     "license", "homepage", "repository", "documentation", "tags", "keywords", "readme"}
)  # fmt: skip
"""Keys that only describe the worker."""

rule = Rule(
    code="RP042",
    title="title, description, category ... of hub.json",
    safety="safe",
    explanation="""
    These keys are the worker's page on RunPod's hub: they change nothing of what runs, so they go. An app on fal shows its name and
    its OpenAPI document. A listing with `"type": "http"` describes a load-balancing worker, which has no job handler and is refused
    here, because its image is the server.
    Check whether you want to publish the app in fal's marketplace, which has a form of its own.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/serverless/publishing-to-marketplace")),
    cases=(
        Case(
            "the description of the worker is dropped",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "title": "Shouting",
                    "description": "Says it in capitals",
                    "type": "serverless"
                }
                """,
            },
            seen=(Seen("dropped", 2, ".runpod/hub.json"), Seen("dropped", 3, ".runpod/hub.json"), Seen("dropped", 4, ".runpod/hub.json")),
            status="converted",
        ),
        Case(
            "a load-balancing worker is refused with the reason",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"type": "http"}'},
            status="unsupported",
        ),
        Case(
            "an unknown key of the listing is not taken for a description",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"warranty": "none"}'},
            seen=(Seen("manual", 1, ".runpod/hub.json", "ALL001"),),
            status="converted",
        ),
    ),
)
