"""DK045: a server that asks for an Authorization of its own."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

BEARER = """
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

app = FastAPI()
scheme = HTTPBearer()


@app.post("/repeat", dependencies=[Depends(scheme)])
def repeat(text: str):
    return text
"""
HEADER = """
from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/repeat")
def repeat(request: Request):
    return request.headers.get("Authorization")
"""
OUTGOING = """
import requests
from fastapi import FastAPI
from requests.auth import HTTPBasicAuth

app = FastAPI()


@app.post("/repeat")
def repeat(text: str):
    requests.get("https://example.com", headers={"Authorization": "Bearer x"})
    return requests.get("https://example.com", auth=HTTPBasicAuth("a", "b")).text
"""
OTHER = HEADER.replace('"Authorization"', '"X-Token"')

rule = Rule(
    code="DK045",
    title="a server with an Authorization of its own",
    safety="manual",
    expected="the server takes requests whose Authorization header is fal's own",
    explanation="""
    Callers of a private app send their fal key as `Authorization: Key ...`, so a server that reads its own token from that header refuses
    them.
    `auth = "private"` does what the token did: remove the check, or read the token from another header.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case("a scheme of FastAPI's", "partial", {"main.py": BEARER, "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 5, "main.py", says="A proxy (`--target app`) takes the token as an input"),), status="partial"),
        Case("an app that reads the header itself", "partial", {"main.py": HEADER, "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 8, "main.py", says="read the token from another header."),), status="partial"),
        Case("a proxy hands the token on", "converted", {"main.py": BEARER, "Dockerfile": SERVER_IMAGE}, target="app",
             seen=(Seen("converted", 5, "main.py", says="callers send the token there"),), status="converted"),
        Case("a request that goes out", "untouched", {"main.py": OUTGOING, "Dockerfile": SERVER_IMAGE}),
        Case("a header of another name", "untouched", {"main.py": OTHER, "Dockerfile": SERVER_IMAGE}),
        Case("a server that asks for nothing", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a queue worker has no callers of its own", "untouched", {"handler.py": WORKER, "Dockerfile": PIP}),
    ),
)  # fmt: skip
