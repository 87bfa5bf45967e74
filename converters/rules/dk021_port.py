"""DK021: the port of a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK021",
    title="EXPOSE -> exposed_port",
    safety="safe",
    guide=("Docker 1",),
    explanation="""
    fal forwards requests to one port of the container. It is read from what really listens (the command, the code, the health check),
    because EXPOSE only documents a port and is often wrong; all evidence is listed in MIGRATION.md.
    Check the port where the evidence disagrees.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("api-reference/python-sdk/pyproject-toml")),
    cases=(
        Case(
            "the exposed port is the one that the server listens on",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            seen=(Seen("converted", 5, "Dockerfile"),),
            has={"pyproject.toml": ("exposed_port = 8000",)},
        ),
        Case("a port of a queue worker is of no use", "untouched", {"handler.py": WORKER, "Dockerfile": PIP + "EXPOSE 8000"}),
        Case(
            "a server whose image exposes nothing is found by its command",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000\n", "")},
            has={"pyproject.toml": ("exposed_port = 8000",)},
        ),
    ),
)
