"""DK024: a server that only listens inside its container."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="DK024",
    title="127.0.0.1 -> 0.0.0.0",
    safety="safe",
    explanation="""
    A server that binds 127.0.0.1 answers inside its container only, and fal reaches it from outside. Where a variable or a flag of the
    server opens it, that is set; otherwise a line of code has to change.
    Check servers that are meant to be private: on fal the gateway asks for a key before it forwards.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a server on the loopback address is opened",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"--host", "0.0.0.0", ', "")},
        ),
        Case("a server on all addresses is open already", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "the address of another server in the code is none of its own",
            "untouched",
            {"main.py": SERVER + 'UPSTREAM = "http://127.0.0.1:5432"\n', "Dockerfile": SERVER_IMAGE},
        ),
    ),
)
