"""DK013: Dockerfiles that belong to no converted worker."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="DK013",
    title="other Dockerfiles of the project",
    safety="safe",
    explanation="""
    A repository may hold several Dockerfiles: for a web page, for tests, for another size of the model. The one whose start command
    reaches the worker is used; the others are named as files and left out of the output. Where several start the same worker, the
    report says which was chosen: `migrate PATH/Dockerfile.small` chooses another, and makes an app of it.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "the Dockerfile of a web page is left out",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PIP, "web/Dockerfile": "FROM nginx\nCOPY site /usr/share/nginx/html"},
            seen=(Seen("dropped", 1, "web/Dockerfile"),),
        ),
        Case(
            "of two images of one worker the report says which was chosen",
            "converted",
            {"handler.py": WORKER, "Dockerfile.large": PIP, "Dockerfile.small": PIP},
            seen=(Seen("dropped", 1, "Dockerfile.small"),),
            has={"MIGRATION.md": ("What changes", "Dockerfile.large was chosen", "`migrate Dockerfile.small`")},
        ),
        Case(
            "the only Dockerfile of a worker is its own",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
        Case(
            "a text about Dockerfiles is no Dockerfile",
            "untouched",
            {"handler.py": WORKER, "Dockerfile.md": "FROM python:3.11", "docker.txt": "FROM python:3.11"},
        ),
    ),
)
