"""DK043: what a server needs to be built and to start, and is not given."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

LLAMA = """
services:
  llm:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: {command}
    ports: ["8080:8080"]
"""
BAKED = """
FROM python:3.11-slim AS weights
ARG MODEL_NAME{default}
COPY fetch.py .
RUN python fetch.py
FROM python:3.11-slim
RUN pip install fastapi==0.115.0 uvicorn==0.30.0
COPY main.py /app/main.py
WORKDIR /app
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
"""
SERVING = """
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y tensorflow-model-server
EXPOSE 8501
ENTRYPOINT ["tensorflow_model_server", "--rest_api_port=8501", "--model_name=one", "--model_base_path=/model"]
"""
FETCH = """
import os

name = os.environ["MODEL_NAME"]
"""

rule = Rule(
    code="DK043",
    title="a model, a command or a build argument that the server needs",
    safety="manual",
    expected="what the server does not start without, such as the name of a model, is stated in its command or variables",
    explanation="""
    A server's image may start only when it is told a model, an image of tools starts no server by itself, and a build may read an
    argument that has no default: an ARG is a variable of every later RUN of its stage, so a script reads it without a line spelling it.
    Give what is named before deploying.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a server that needs a model is asked for it",
            "partial",
            {"compose.yaml": LLAMA.format(command='["--ctx-size", "512"]')},
            seen=(Seen("manual", 4, "compose.yaml"),),
        ),
        Case(
            "a server of a base image that is told none serves its default",
            "partial",
            {"Dockerfile": "FROM ghcr.io/huggingface/text-embeddings-inference:cpu-1.6"},
            seen=(Seen("manual", 1, "Dockerfile"),),
        ),
        Case(
            "an image that starts nothing needs a command",
            "partial",
            {"compose.yaml": "services:\n  llm:\n    image: lmsysorg/sglang:v0.4.6\n    ports: ['30000:30000']"},
            seen=(Seen("manual", 1, "compose.yaml"),),
        ),
        Case(
            "a build argument that a script reads is asked for",
            "partial",
            {"main.py": SERVER, "fetch.py": FETCH, "Dockerfile": BAKED.format(default="")},
            seen=(Seen("manual", 2, "Dockerfile"),),
        ),
        Case("a model that the build does not put where the command looks for it is asked for", "partial",
             {"Dockerfile": SERVING}, seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a base image that one builds oneself is named", "partial",
             {"Dockerfile": "FROM local/llama.cpp:server-cuda\nEXPOSE 8080\nCMD [\"-hf\", \"acme/tiny\", \"--host\", \"0.0.0.0\"]"},
             seen=(Seen("manual", 1, "Dockerfile"),), status="partial"),
        Case("a model that the build puts there is in order", "untouched",
             {"one/1/saved_model.pb": "", "Dockerfile": SERVING.replace("EXPOSE", "COPY one /model\nEXPOSE")}),
        Case("a model that a step downloads is in order", "untouched",
             {"Dockerfile": SERVING.replace("EXPOSE", "RUN fetch acme/one /model\nEXPOSE")}),
        Case("a model of a volume is told by its volume", "untouched", {"Dockerfile": SERVING.replace("EXPOSE", "VOLUME /model\nEXPOSE")}),
        Case("a build argument with a default is there", "untouched",
             {"main.py": SERVER, "fetch.py": FETCH, "Dockerfile": BAKED.format(default="=tiny")}),
        Case("a build argument that no script reads is not needed", "untouched",
             {"main.py": SERVER, "fetch.py": "print(1)", "Dockerfile": BAKED.format(default="")}),
        Case("a model that the command names is there", "untouched",
             {"compose.yaml": LLAMA.format(command='["-hf", "acme/tiny"]')}),
        Case("a model that a variable names is there", "untouched",
             {"Dockerfile": "FROM ghcr.io/huggingface/text-embeddings-inference:cpu-1.6\nENV MODEL_ID=acme/tiny"}),
        Case("a server of the project's own code needs none", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a queue worker is another matter", "untouched", {"handler.py": WORKER, "Dockerfile": PIP}),
    ),
)  # fmt: skip
