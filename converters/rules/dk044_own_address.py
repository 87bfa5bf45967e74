"""DK044: an address of the container itself."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

ADDRESS = """
services:
  api:
    build: .
    ports: ["8000:8000"]
    environment:
      API_URL: {url}
"""

rule = Rule(
    code="DK044",
    title="an address of the container itself",
    safety="manual",
    expected="an address of its own that the server gives away is one that its callers reach",
    explanation="""
    A variable that names the server's own port on localhost is right where the server calls itself and wrong where links are made of it: no
    caller reaches it. It is kept as it is, and said. On fal the app answers at https://fal.run/OWNER/APP.
    """,
    links=(docker_docs("reference/compose-file/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a variable of compose with the server's own address",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": ADDRESS.format(url="http://localhost:8000/v1")},
            seen=(Seen("manual", 6, "compose.yaml"),),
            status="converted",
        ),
        Case(
            "a variable of the image with the server's own address",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ENV BASE_URL=http://127.0.0.1:8000\nEXPOSE")},
            seen=(Seen("manual", 5, "Dockerfile"),),
            status="converted",
        ),
        Case("an address of another program in the container", "untouched",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": ADDRESS.format(url="http://localhost:9100/metrics")}),
        Case("an address of another machine", "untouched",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": ADDRESS.format(url="https://models.example.com:8000")}),
        Case("a queue worker has no address", "untouched",
             {"handler.py": WORKER, "Dockerfile": PIP + "ENV API_URL=http://localhost:8000\n"}),
    ),
)  # fmt: skip
