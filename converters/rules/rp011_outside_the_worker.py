"""RP011: uses of the SDK that belong to no converted worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="RP011",
    title="tests, examples and copies that use the SDK",
    safety="safe",
    explanation="""
    A repository often holds the SDK outside the worker that its image starts: tests, examples, a second handler for the hub. These
    files are not part of the app, so they are named in the report and left out of the output.
    Check that the file you deploy is among the apps: if a left-out file is the real worker, convert its folder.
    """,
    links=(runpod_docs("serverless/workers/overview"), fal_docs("documentation/deployment/deploy-to-production")),
    cases=(
        Case(
            "a test that imports the SDK is no part of the app",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": PIP,
                "tests/test_handler.py": """
                import runpod

                def test_version():
                    assert runpod.__version__
                """,
            },
            seen=(Seen("dropped", 1, "tests/test_handler.py"), Seen("dropped", 4, "tests/test_handler.py")),
        ),
        Case(
            "an example beside the worker that the image starts is left out",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP, "examples/handler.py": WORKER},
            seen=(Seen("dropped", 8, "examples/handler.py"),),
        ),
        Case(
            "a handler that only stands for the listing of a load-balancing worker is no part of the server",
            "converted",
            {
                "handler.py": WORKER,
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                ".runpod/hub.json": '{"type": "serverless", "config": {"endpointType": "LB", "runsOn": "CPU"}}',
            },
            seen=(Seen("dropped", 1, "handler.py"), Seen("dropped", 8, "handler.py")),
            status="converted",
        ),
        Case(
            "a module that the worker imports is part of it",
            "untouched",
            {
                "handler.py": """
                import runpod
                from log import log

                def handler(job):
                    log.info("working")
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "log.py": """
                from runpod import RunPodLogger

                log = RunPodLogger()
                """,
            },
        ),
        Case(
            "a name of the SDK in a text file is no use of it",
            "untouched",
            {"handler.py": WORKER, "README.md": "import runpod\nrunpod.serverless.start({})"},
        ),
    ),
)
