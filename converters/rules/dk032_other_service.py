"""DK032: services beside the server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="DK032",
    title="databases, caches and other services of a compose file",
    safety="safe",
    explanation="""
    fal runs one container for each app. A service that the server does without is named and left out; one that it waits for
    (`depends_on`) has to run elsewhere, or inside the same image.
    Give the address of such a service in a variable or a secret.
    """,
    links=(docker_docs("reference/compose-file/services/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a service that the server does without is left out",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                  db:
                    image: postgres:16
                """,
            },
            seen=(Seen("dropped", 6, "compose.yaml"),),
        ),
        Case(
            "a service whose name stands in an address is left to a person, though nothing waits for it",
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
                      CACHE: redis://:secret@cache:6379/0
                      CACHE_DIR: /tmp/cache
                  cache:
                    image: redis:7
                """,
            },
            status="partial",
        ),
        Case(
            "a path that ends like a service is no address of it",
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
                      CACHE_DIR: /tmp/cache
                      HUB: https://example.com/cache:6379
                """,
            },
        ),
        Case(
            "a service that it waits for is left to a person",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    depends_on: [db]
                  db:
                    image: postgres:16
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            status="partial",
        ),
        Case("a server alone has no neighbours", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a service that the server waits for is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    depends_on: [redis]
                  redis:
                    image: redis:7
                """,
            },
            seen=(
                Seen("manual", 5, "compose.yaml"),
                Seen("dropped", 7, "compose.yaml"),
            ),
        ),
        Case(
            "what listens on the machine that runs Docker is left to a person",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ENV QUEUE=amqp://host.docker.internal:5672\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "services of one image that call each other run in one container",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
                    ports: ["8000:8000"]
                    depends_on: [control]
                    environment: {CONTROL: "http://control:9000"}
                  control:
                    build: .
                    command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9000"]
                """,
            },
            seen=(
                Seen("converted", 6, "compose.yaml"),
                Seen("converted", 9, "compose.yaml"),
            ),
        ),
    ),
)
