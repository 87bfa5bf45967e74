"""RP051: `--endpoint-config FILE`, the settings that stand in RunPod's console only."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

IDENTITY = frozenset(
    {
        "id",
        "name",
        "userId",
        "templateId",
        "version",
        "createdAt",
        "workers",
        "aiKey",
        "type",
        "computeType",
        "instanceIds",
        "templates",
        "pods",
        "__typename",
    }
)
"""Keys that identify the endpoint."""
TEMPLATE = frozenset(
    {"id", "name", "category", "containerDiskInGb", "imageName", "isPublic", "isRunpod", "isServerless", "readme", "ports", "earned",
     "runtimeInMin", "volumeInGb", "startJupyter", "startSsh", "advancedStart", "config"}
)  # fmt: skip
"""Keys of its template that describe it."""

rule = Rule(
    code="RP051",
    title="An exported endpoint gives scaling, machine, regions and variables",
    safety="safe",
    explanation="""
    Workers, idle timeout, GPU choice and time limits of an endpoint stand in RunPod's console. `GET /v1/endpoints/ID` exports them, and
    `--endpoint-config FILE` reads them: max and min workers become max_concurrency and min_concurrency, the idle timeout keep_alive (0
    is a value), a queue delay scaling_delay, the execution timeout request_timeout, GPU types a machine_type list in their order.
    Values of secrets are never copied. FlashBoot has no switch on fal; what has no equivalent is listed with what to do.
    """,
    guide=("RunPod 14", "RunPod 15", "RunPod 16"),
    links=(runpod_docs("serverless/endpoints/endpoint-configurations"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "scaling, machine and limits of an exported endpoint are written",
            "converted",
            {"handler.py": WORKER},
            seen=(Seen("converted", 2, "endpoint.json"), Seen("converted", 3, "endpoint.json")),
            has={
                "app.py": (
                    "max_concurrency = 5",
                    "min_concurrency = 1",
                    "keep_alive = 0",
                    "request_timeout = 600",
                    'machine_type = "GPU-RTX4090"',
                )
            },
            endpoint="""{
                "workersMax": 5,
                "workersMin": 1,
                "idleTimeout": 0,
                "executionTimeoutMs": 600000,
                "gpuTypeIds": ["NVIDIA GeForce RTX 4090"]
            }""",
        ),
        Case(
            "without the file nothing is written about scaling", "untouched", {"handler.py": WORKER}, lacks={"app.py": ("max_concurrency",)}
        ),
        Case(
            "a file of that shape in the project is not taken for one",
            "untouched",
            {"handler.py": WORKER, "endpoint.json": '{"workersMax": 9}'},
            lacks={"app.py": ("max_concurrency",)},
        ),
    ),
)
