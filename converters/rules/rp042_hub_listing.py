"""RP042: keys of hub.json that only describe the worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

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
    its OpenAPI document. A listing with `"type": "http"`, or with `endpointType` LB among its settings, describes a
    load-balancing worker: its image is converted as the server that it starts, and is refused where the project has no image.
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
            "a load-balancing worker without an image is refused with the reason",
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
        Case(
            "a load-balancing worker is the server that its image starts",
            "converted",
            {
                "handler.py": WORKER,
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                ".runpod/hub.json": '{"type": "serverless", "config": {"endpointType": "LB", "runsOn": "CPU"}}',
            },
            seen=(Seen("dropped", 1, ".runpod/hub.json"), Seen("converted", 1, ".runpod/hub.json", "RP041")),
            status="converted",
        ),
    ),
)
