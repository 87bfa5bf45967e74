"""DK034: how many requests a server works on at a time."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import COG, PIP, PREDICTOR, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK034",
    title="workers of the server -> max_multiplexing",
    safety="safe",
    expected="the server takes as many requests at a time as fal sends it (`max_multiplexing`)",
    explanation="""
    fal sends a runner one request at a time unless `max_multiplexing` says more, while a server of one's own usually takes many. A
    number that the command states (workers, threads) is written; where nothing states one it is left to a person.
    What a server does when it is full decides: gunicorn's workers and threads, vLLM, llama.cpp and SGLang let requests wait; uvicorn
    answers 503 to the connection that reaches `--limit-concurrency`, which ends a runner, so two less are sent; Node closes connections
    beyond `maxConnections`. TGI and TEI answer 429 beyond `--max-concurrent-requests`; vLLM, SGLang and llama.cpp let requests wait.
    Raise it where the server batches.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "the number of workers is written",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"8000"]', '"8000", "--workers", "4"]')},
            has={
                "pyproject.toml": ("max_multiplexing = 4",),
                "MIGRATION.md": ("| requests at a time | `4` | uvicorn runs 4 workers | Dockerfile:6 | yes |",),
            },
        ),
        Case(
            "a server that states no number is left to a person",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            lacks={"pyproject.toml": ("max_multiplexing",)},
            status="converted",
        ),
        Case(
            "uvicorn's limit, which it refuses at, leaves two less",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"8000"]', '"8000", "--limit-concurrency", "10"]')},
            has={"pyproject.toml": ("max_multiplexing = 8",)},
        ),
        Case(
            "a limit that leaves nothing beside the health check is to be raised",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"8000"]', '"8000", "--limit-concurrency", "2"]')},
            has={"pyproject.toml": ("max_multiplexing = 1",)},
            status="partial",
        ),
        Case(
            "the number that an official image is given by a variable is written, with what happens beyond it",
            "converted",
            {"Dockerfile": "FROM ghcr.io/huggingface/text-embeddings-inference:cpu-1.6\nENV MODEL_ID=acme/tiny MAX_CONCURRENT_REQUESTS=64"},
            has={"pyproject.toml": ("max_multiplexing = 64", "answers a further one with 429")},
        ),
        Case(
            "Node's limit of connections leaves one for the health check",
            "converted",
            {
                "index.js": "const server = require('http').createServer(() => {}).listen(3000);\nserver.maxConnections = 20;",
                "Dockerfile": 'FROM node:20\nWORKDIR /app\nCOPY index.js .\nCMD ["node", "index.js"]',
            },
            has={"pyproject.toml": ("max_multiplexing = 19",)},
        ),
        Case("a queue worker has a rule of its own", "untouched", {"handler.py": WORKER, "Dockerfile": PIP}),
        Case("a predictor has a rule of its own", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
