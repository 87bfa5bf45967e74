"""DK026: images and compose files that were not chosen."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK026",
    title="other images of the project",
    safety="safe",
    expected="the service that is meant is named with `--set service=NAME`",
    explanation="""
    A repository may hold several Dockerfiles and compose files. One server is converted; the other files are named, with how to
    convert them.
    Leave the others out, or convert their folder, to choose another one. Without a target Docker builds the last stage, and so does
    the app; `--set stage=NAME` and `--set service=NAME` choose another one. Where another image could be meant just as well, it is asked
    for.
    """,
    links=(docker_docs("reference/compose-file/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "another Dockerfile is named",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "docs/Dockerfile": "FROM nginx\nCOPY site /usr/share/nginx/html"},
            seen=(Seen("dropped", 1, "docs/Dockerfile"),),
        ),
        Case("the only Dockerfile is the server's", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "other images of a queue worker are another rule",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP, "docs/Dockerfile": "FROM nginx"},
        ),
        Case(
            "another compose file is left out with its services",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                """,
                "compose.dev.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    command: ["uvicorn", "main:app", "--reload", "--port", "8000"]
                """,
            },
            seen=(Seen("dropped", 1, "compose.dev.yaml"),),
        ),
        Case(
            "two servers of one compose file are asked for",
            "partial",
            {
                "one/main.py": SERVER,
                "two/main.py": SERVER,
                "one/Dockerfile": SERVER_IMAGE,
                "two/Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  one:
                    build: one
                    ports: ["8000:8000"]
                  two:
                    build: two
                    ports: ["8001:8000"]
                """,
            },
            seen=(
                Seen("manual", 6, "compose.yaml", says="service two could be the server as well"),
                Seen("dropped", 1, "two/Dockerfile"),
                Seen("manual", 6, "compose.yaml", says=": `--set service=two` converts it, `--set service=one` keeps service one."),
            ),
        ),
    ),
)
