"""DK032: services beside the server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

INI = """
[server]
Port = 8000
Host = localhost

[database]
Type = {kind}
Host = {host}
User = root
"""


def _configured(text: str, name: str = "conf/app.ini", dockerfile: str = "") -> dict[str, str]:
    """A server that reads a file of settings."""
    code = SERVER.replace("app = ", f"SETTINGS = open({name!r}).read()\napp = ")
    return {"main.py": code, name: text, "Dockerfile": dockerfile or SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY . /app")}


rule = Rule(
    code="DK032",
    title="databases, caches and other services of a compose file",
    safety="safe",
    expected="the other service runs elsewhere, at an address that the server is given, or in the same container",
    explanation="""
    fal runs one container for each app. A service that the server does without is named and left out; one that it waits for
    (`depends_on`) has to run elsewhere, or inside the same image.
    Give the address of such a service in a variable or a secret. So has one that the code calls by an address which stands in it, or in a
    configuration file that it reads: of a cluster, of the machine that runs Docker, or of a store on the container itself, which nothing
    starts there.
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
            seen=(Seen("dropped", 6, "compose.yaml", says="the server does without it"),),
        ),
        Case(
            "a store that a program in JavaScript calls at a fixed address is left to a person",
            "partial",
            {
                "server.js": """
                const http = require('http');
                const store = require('redis').createClient({ url: 'redis://localhost:6379' });
                http.createServer((_, answer) => answer.end()).listen(3000);
                """,
                "package.json": """{"scripts": {"start": "node server.js"}}""",
                "Dockerfile": "FROM node:20\nCOPY . .\nEXPOSE 3000\nCMD npm start",
            },
            seen=(Seen("manual", 2, "server.js"),),
        ),
        Case(
            "one whose address a variable may give is not",
            "untouched",
            {
                "server.js": """
                const http = require('http');
                const store = require('redis').createClient({ url: process.env.STORE || 'redis://localhost:6379' });
                http.createServer((_, answer) => answer.end()).listen(3000);
                """,
                "package.json": """{"scripts": {"start": "node server.js"}}""",
                "Dockerfile": "FROM node:20\nCOPY . .\nEXPOSE 3000\nCMD npm start",
            },
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
                Seen("dropped", 7, "compose.yaml", says="the server waits for it"),
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
        *(
            Case(f"{what} that the code calls by a fixed address is left to a person", "partial",
                 {"main.py": SERVER.replace("app = ", f"STORE = {address!r}\napp = "), "Dockerfile": SERVER_IMAGE},
                 seen=(Seen("manual", 3, "main.py"),), status="partial")
            for what, address in {
                "a broker on the container itself": "redis://localhost:6379/0",
                "a database of a cluster": "postgresql+psycopg2://me:it@db.prod.svc.cluster.local:5432/one",
                "a host of a cluster": "db.prod.svc.cluster.local",
                "the machine that runs Docker": "http://host.docker.internal:9000",
            }.items()
        ),
        Case("an address in the code that stands in for a variable is in order", "untouched",
             {"main.py": SERVER.replace("app = ", "import os\nSTORE = os.getenv('STORE', 'redis://localhost:6379')\napp = "),
              "Dockerfile": SERVER_IMAGE}),
        Case("a default of settings is in order", "untouched",
             {"main.py": SERVER.replace("app = ", "class Settings(BaseSettings):\n    store: str = 'redis://localhost:6379'\n\napp = "),
              "Dockerfile": SERVER_IMAGE}),
        Case("an address in a function that nobody may call is in order", "untouched",
             {"main.py": SERVER.replace("app = ", "def q():\n    return 'redis://localhost:6379'\n\napp = "), "Dockerfile": SERVER_IMAGE}),
        Case("a store that the image itself installs is in order", "untouched",
             {"main.py": SERVER.replace("app = ", "STORE = 'redis://localhost:6379'\napp = "),
              "Dockerfile": SERVER_IMAGE.replace("COPY", "RUN apt-get update && apt-get install -y redis-server\nCOPY")}),
        Case("a database of a file of settings is left to a person", "partial",
             _configured(INI.format(kind="mysql", host="127.0.0.1:3306")), seen=(Seen("manual", 7, "conf/app.ini", says="MySQL"),),
             status="partial"),
        Case("a store of a network's host in YAML is left to a person", "partial",
             _configured("cache:\n  redis:\n    host: redis\n    port: 6379\n", "config.yaml"),
             seen=(Seen("manual", 3, "config.yaml", says="Redis"),), status="partial"),
        Case("a source of data that Spring finds by itself is left to a person", "partial",
             {**_configured("spring.datasource.url=jdbc:postgresql://localhost:5432/one\n", "src/application.properties")},
             seen=(Seen("manual", 1, "src/application.properties", says="PostgreSQL"),), status="partial"),
        Case("a database elsewhere is in order", "untouched", _configured(INI.format(kind="mysql", host="db.example.com:3306"))),
        Case("a file in place of a database is in order", "untouched", _configured(INI.format(kind="sqlite3", host="127.0.0.1"))),
        Case("a host that a variable gives is in order", "untouched", _configured(INI.format(kind="mysql", host="${DB_HOST}:3306"))),
        Case("a store that is switched off is in order", "untouched",
             _configured("redis:\n  enabled: false\n  host: localhost\n", "config.yaml")),
        Case("settings that no code reads are in order", "untouched",
             {**_configured("x = 1"), "conf/other.ini": INI.format(kind="mysql", host="127.0.0.1:3306")}),
        Case("settings that the image does not hold are in order", "untouched",
             _configured(INI.format(kind="mysql", host="127.0.0.1:3306"), dockerfile=SERVER_IMAGE), within=("conf/app.ini",)),
        Case("a public address is in order", "untouched",
             {"main.py": SERVER.replace("app = ", "DOCS = 'https://redis.example.com/svc'\napp = "), "Dockerfile": SERVER_IMAGE}),
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
        Case(
            "a service that the server waits for is not asked for once more because of its address",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    depends_on: [cache]
                    environment:
                      CACHE_URL: redis://cache:6379
                  cache:
                    image: redis:7
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"), Seen("dropped", 9, "compose.yaml")),
            lacks={"MIGRATION.md": ("names the service cache",)},
        ),
        Case(
            "a store that a program in Go calls at a fixed address is left to a person",
            "partial",
            {
                "cmd/serve/main.go": """
                package main

                func main() {
                    open("redis://localhost:6379/0")
                    http.ListenAndServe(":8090", nil)
                }
                """,
                "Dockerfile": """
                FROM golang:1.22 AS build
                COPY . .
                RUN go build -o /serve ./cmd/serve
                FROM debian:12
                COPY --from=build /serve /serve
                EXPOSE 8090
                ENTRYPOINT ["/serve"]
                """,
            },
            seen=(Seen("manual", 4, "cmd/serve/main.go", says="the code calls Redis on localhost"),),
            status="partial",
        ),
    ),
)  # fmt: skip
