"""DK035: how a server is stopped."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK035",
    title="stop_grace_period and STOPSIGNAL",
    safety="safe",
    explanation="""
    fal stops a runner with SIGTERM and kills it after a period. The period that compose or the server's own flag states is written as
    `termination_grace_period_seconds`; another signal than SIGTERM cannot be asked for.
    Check servers that only listen to SIGINT.
    """,
    links=(docker_docs("reference/compose-file/services/"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "the time that compose gives is given by fal",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    stop_grace_period: 30s
                """,
            },
            seen=(Seen("converted", 5, "compose.yaml"),),
            has={
                "pyproject.toml": ("termination_grace_period_seconds = 30",),
                "MIGRATION.md": ("| time to stop | `30` | stop_grace_period | compose.yaml:5 | yes |",),
            },
        ),
        Case("a server that states no time gets fal's", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("the signal of a queue worker is another rule", "untouched", {"handler.py": WORKER, "Dockerfile": PIP + "STOPSIGNAL SIGINT"}),
        Case(
            "the signal that an image is stopped with has no part",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "STOPSIGNAL SIGQUIT\nEXPOSE"),
            },
            seen=(Seen("dropped", 5, "Dockerfile"),),
        ),
    ),
)
