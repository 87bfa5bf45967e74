"""DK031: volumes of a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK031",
    title="VOLUME and compose volumes -> /data",
    safety="safe",
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
    ),
)
