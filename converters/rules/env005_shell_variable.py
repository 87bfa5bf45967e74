"""ENV005: variables that only the machine that starts compose knows."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="ENV005",
    title="variables without a value, and env files that are not there",
    safety="manual",
    expected="a value that came from the shell of a machine is a secret, or stands in ENV",
    explanation="""
    `environment: [NAME]` takes the value from the shell that starts compose, and `env_file` often names a file that is not in the
    repository. Their values are not known, and no value is invented.
    Set them with `fal secrets set NAME=...`, or with ENV in the Dockerfile.
    """,
    links=(docker_docs("reference/compose-file/services/"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a variable without a value is named",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      - REGION
                """,
            },
            seen=(Seen("manual", 6, "compose.yaml"),),
            status="converted",
        ),
        Case(
            "a variable with a value is set in the image",
            "untouched",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      - MODE=fast
                """,
            },
            has={"Dockerfile": ("ENV MODE=fast",)},
        ),
        Case("a server without compose has no such variables", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a file of variables that is not in the project is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    env_file: web.env
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            status="converted",
        ),
    ),
)
