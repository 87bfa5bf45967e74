"""RP025: handlers that only forward to a server in the image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

SCRIPT = """
#!/bin/bash
python3 -m webui --port 3000 &
python3 -u /handler.py
"""
DOCKERFILE = """
FROM nvidia/cuda:12.1.0-runtime-ubuntu22.04
RUN apt-get update && apt-get install -y ffmpeg python3-pip
COPY handler.py start.sh /
CMD ["/start.sh"]
"""

rule = Rule(
    code="RP025",
    title="A handler that only forwards to a server",
    safety="safe",
    explanation="""
    Some images start a server (ComfyUI, a web UI, vLLM) and a handler that hands each job on to it. The handler stays, since its callers
    speak RunPod's job format, and `setup()` starts the server first. Where callers can speak to the server itself, fal serves the image
    as it is: one table in pyproject.toml with `exposed_port`, and no code.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "the server behind a handler is named",
            "converted",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    return requests.post("http://127.0.0.1:3000/txt2img", json=job["input"]).json()

                runpod.serverless.start({"handler": handler})
                """,
                "start.sh": SCRIPT,
                "Dockerfile": DOCKERFILE,
            },
            seen=(Seen("kept", 5),),
        ),
        Case("a handler that does the work is its own server", "untouched", {"handler.py": WORKER}),
        Case(
            "a handler that reads its input key by key does more than forward",
            "untouched",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    text = job["input"]["prompt"]
                    return requests.post("http://127.0.0.1:3000/txt2img", json={"prompt": text}).json()

                runpod.serverless.start({"handler": handler})
                """,
                "start.sh": SCRIPT,
                "Dockerfile": DOCKERFILE,
            },
        ),
    ),
)
