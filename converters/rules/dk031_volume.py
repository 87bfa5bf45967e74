"""DK031: volumes of a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK031",
    title="VOLUME and compose volumes -> /data",
    safety="safe",
    expected="what must outlast a runner is written below /data",
    explanation="""
    A runner's own disk is not kept. A cache of Hugging Face needs nothing, because fal keeps one in `/data` for all runners; a mount
    of the host's devices goes; any other folder that must last has to be pointed below `/data` by the server's own setting.
    Copy the files with `fal files upload`.
    """,
    links=(docker_docs("engine/storage/volumes/"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "a cache of Hugging Face needs nothing",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    volumes:
                      - cache:/root/.cache/huggingface
                volumes:
                  cache:
                """,
            },
            seen=(Seen("converted", 6, "compose.yaml"),),
        ),
        Case(
            "a folder below /data lasts by itself",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    volumes:
                      - jobs:/data/jobs
                volumes:
                  jobs:
                """,
            },
            seen=(Seen("kept", 6, "compose.yaml"),),
        ),
        Case(
            "a folder that must last is left to a person",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE + "VOLUME /models"},
            seen=(Seen("manual", 7, "Dockerfile"),),
            status="converted",
        ),
        Case("a server without volumes keeps nothing", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a volume of a queue worker is another rule", "untouched", {"handler.py": WORKER, "Dockerfile": PIP + "VOLUME /models"}),
        Case(
            "sources that are mounted while developing, a missing folder and the host's socket are told apart",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    volumes:
                      - ".:/app"
                      - "/var/run/docker.sock:/var/run/docker.sock"
                      - "/srv/models:/models"
                      - "results:/results"
                volumes:
                  results: {}
                """,
            },
            seen=(
                Seen("dropped", 6, "compose.yaml"),
                Seen("dropped", 7, "compose.yaml"),
                Seen("manual", 8, "compose.yaml"),
                Seen("manual", 9, "compose.yaml"),
            ),
            status="converted",
        ),
        Case(
            "a volume of a ready image is lost with the runner",
            "partial",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("manual", 17, "image.json"),),
            image="""
                {
                 "architecture": "amd64",
                 "config": {
                  "Cmd": [
                   "serve"
                  ],
                  "Entrypoint": [],
                  "Hostname": "a1b2",
                  "ExposedPorts": {
                   "8000/tcp": {}
                  },
                  "Env": [
                   "LEVEL=info",
                   "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh"
                  ],
                  "Volumes": {
                   "/results": {}
                  }
                 }
                }
                """,
            status="converted",
        ),
        Case(
            "a volume of files below /data is uploaded once",
            "partial",
            {
                "main.py": SERVER,
                "models/names.txt": "x\n",
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    volumes: ["./models:/data/models"]
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            status="converted",
        ),
        Case(
            "a file that compose lays over the image is copied there by a person",
            "partial",
            {
                "main.py": SERVER,
                "settings.toml": "a = 1\n",
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    volumes: ["./settings.toml:/etc/settings.toml"]
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            status="converted",
        ),
        Case(
            "a folder that compose lays over the image is copied there by a person",
            "partial",
            {
                "main.py": SERVER,
                "conf/settings.toml": "a = 1\n",
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    volumes: ["./conf:/etc/conf"]
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            status="partial",
        ),
    ),
)
