"""DK046: what a proxy does not pass on to its server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

QUERY = """
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/search")
def search(request: Request):
    return {READ}
"""
COMPUTED = """
from fastapi import APIRouter, FastAPI

from base import prefix

router = APIRouter(prefix=prefix())


@router.post("/score")
def score(text: str):
    return text


@router.get("/health")
def health():
    return {}


app = FastAPI()


@app.get("/ready")
def ready():
    return {}


app.include_router(router)
"""
SOCKET = """
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/talk")
async def talk(socket: WebSocket):
    await socket.accept()


@app.post("/say")
def say(text: str):
    return text
"""

rule = Rule(
    code="DK046",
    title="what a proxy does not pass on",
    safety="manual",
    expected="every route that callers use is reached through the proxy",
    explanation="""
    A proxy has an endpoint for each route with the inputs that its code names. Query parameters and uploads that the code reads whatever
    their names are cannot be listed, the path of a route may come from where nobody can read it, and a websocket is no request: a person
    adds them, or takes the server as it is
    (`--target pyproject`), where every request reaches it.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case("query parameters of any name", "partial",
             {"main.py": QUERY.replace("{READ}", "dict(request.query_params)"), "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 6, "main.py"),), target="app"),
        Case("a websocket that a server answers is named", "partial", {"main.py": SOCKET, "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 6, "main.py"),), target="app"),
        Case("routes behind a prefix that the code computes", "partial", {"main.py": COMPUTED, "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 8, "main.py", says="what `score` answers: the proxy does not"),),
             lacks={"app.py": ('"/score"',)}, target="app"),
        Case("query parameters with names", "untouched",
             {"main.py": QUERY.replace("{READ}", 'request.query_params["q"]'), "Dockerfile": SERVER_IMAGE}, target="app"),
        Case("a websocket of a server that is taken as it is", "untouched", {"main.py": SOCKET, "Dockerfile": SERVER_IMAGE}),
        Case("a server whose routes name all they take", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}, target="app"),
        Case("a queue worker has no proxy", "untouched", {"handler.py": WORKER, "Dockerfile": PIP}),
    ),
)  # fmt: skip
