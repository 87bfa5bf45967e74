"""RP052: the time that a worker has to start."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="RP052",
    title="RUNPOD_INIT_TIMEOUT -> startup_timeout",
    safety="safe",
    expected="`startup_timeout` is a number of seconds",
    explanation="""
    RunPod ends a worker that is not ready after `RUNPOD_INIT_TIMEOUT` seconds; fal ends a runner after `startup_timeout`, 600 seconds
    by default. A longer time, in the Dockerfile, the start script, the hub listing or the endpoint's settings, becomes that setting.
    Check whether loading takes as long on fal, where `/data` keeps what was downloaded once.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "a longer time of the image is the app's",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP.replace("COPY", "ENV RUNPOD_INIT_TIMEOUT=900\nCOPY")},
            seen=(Seen("converted", 3, "Dockerfile"),),
            has={"app.py": ("startup_timeout = 900",)},
        ),
        Case(
            "a longer time of the listing is the app's",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": '{"config": {"env": [{"key": "RUNPOD_INIT_TIMEOUT", "value": "1200"}]}}',
            },
            has={"app.py": ("startup_timeout = 1200",)},
        ),
        Case(
            "a time that only the running shell knows is asked for",
            "partial",
            {"handler.py": WORKER, "Dockerfile": PIP.replace("COPY", "ENV RUNPOD_INIT_TIMEOUT=${LIMIT}\nCOPY")},
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a time that the endpoint states is the app's",
            "converted",
            {"handler.py": WORKER},
            endpoint='{"env": {"RUNPOD_INIT_TIMEOUT": "800"}}',
            has={"app.py": ("startup_timeout = 800",)},
        ),
        Case(
            "a worker without a time of its own keeps fal's",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ("startup_timeout",)},
        ),
        Case(
            "another variable that ends in TIMEOUT is none",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP.replace("COPY", "ENV UPSTREAM_TIMEOUT=900\nCOPY")},
            lacks={"app.py": ("startup_timeout",)},
        ),
        Case(
            "a time that fal gives anyway is dropped",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": PIP.replace("COPY", "ENV RUNPOD_INIT_TIMEOUT=60\nCOPY"),
            },
            seen=(Seen("dropped", 3, "Dockerfile"),),
        ),
        Case(
            "the time to start is written beside the endpoint's other settings",
            "converted",
            {"handler.py": WORKER},
            seen=(Seen("converted", 1, "endpoint.json"),),
            has={"app.py": ("max_concurrency = 4", "startup_timeout = 900")},
            endpoint='{"workersMax": 4, "env": [{"key": "RUNPOD_INIT_TIMEOUT", "value": "900"}]}',
        ),
    ),
)
