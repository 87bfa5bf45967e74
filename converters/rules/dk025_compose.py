"""DK025: keys of the compose service."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK025",
    title="keys of a compose service",
    safety="safe",
    explanation="""
    A compose file says how the image is started: build, command, ports, variables, volumes, devices. Each key of the chosen service is
    accounted for; those that only arrange containers on one machine (names, networks, restarts) have no part on fal.
    Check the services beside it.
    """,
    links=(docker_docs("reference/compose-file/services/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "the service's keys are accounted for one by one",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("converted", 3, "compose.yaml"), Seen("converted", 4, "compose.yaml")),
        ),
        Case("a server without compose has no such keys", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "the compose file of a queue worker is not its packaging",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP, "docker-compose.yml": "services:\n  api:\n    build: ."},
        ),
    ),
)
