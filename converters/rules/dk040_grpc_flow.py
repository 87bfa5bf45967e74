"""DK040: Jina flows that speak gRPC."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

FLOW = """
jtype: Flow
with:
  port: 5000
executors:
  - name: encoder
    uses: Encoder
"""
IMAGE = """
FROM python:3.11-slim
RUN pip install jina==3.25.0
COPY . /app
WORKDIR /app
CMD ["jina", "flow", "--uses", "flow.yml"]
"""

rule = Rule(
    code="DK040",
    title="a Jina flow that speaks gRPC",
    safety="manual",
    expected="the server speaks HTTP on its port",
    explanation="""
    A Jina gateway speaks gRPC unless its YAML says otherwise, and fal forwards HTTP. The same flow is written once more with
    `protocol: http`, and the command names that file; everything else of the flow stays.
    Let callers that speak gRPC send JSON to `POST /post` instead.
    """,
    links=(
        "https://docs.jina.ai/concepts/serving/gateway/yaml-spec/",
        fal_docs("documentation/development/migrate-external-docker-server"),
    ),
    cases=(
        Case("a flow without a protocol speaks HTTP", "partial", {"flow.yml": FLOW, "Dockerfile": IMAGE}, status="converted"),
        Case(
            "the gateway's own section is changed",
            "partial",
            {"flow.yml": "jtype: Flow\ngateway:\n  protocol: grpc\n  port: 5000\n", "Dockerfile": IMAGE},
            status="converted",
        ),
        Case(
            "a flow that speaks HTTP stays",
            "untouched",
            {"flow.yml": FLOW.replace("port: 5000", "port: 5000\n  protocol: http"), "Dockerfile": IMAGE},
        ),
        Case("another server has no flow", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a queue worker has no flow", "untouched", {"handler.py": WORKER, "flow.yml": FLOW}),
        Case(
            "a flow that a script starts is named by a person",
            "partial",
            {
                "flow.yml": """
                jtype: Flow
                with:
                  port: 5000
                executors:
                  - name: encoder
                    uses: Encoder
                """,
                "start.sh": """
                #!/bin/sh
                echo start
                jina flow --uses flow.yml
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install jina==3.25.0
                COPY . /app
                WORKDIR /app
                CMD ["bash", "start.sh"]
                """,
            },
            seen=(
                Seen("manual", 3, "flow.yml"),
                Seen("manual", 3, "start.sh"),
            ),
        ),
    ),
)
