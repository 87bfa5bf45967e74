"""Routes and models, read from the code into an OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources.docker.projects import app

RUN = 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'


def document(folder: Path, main: str, **files: str) -> dict[str, Any]:
    server = app(
        folder, **{"Dockerfile": RUN, **files}, main_py="from fastapi import *\nfrom pydantic import *\nfrom typing import *\n" + main
    ).server
    assert server is not None
    return server.document or {}


def fastapi_itself(main: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "served"}
    exec(
        compile("from fastapi import *\nfrom pydantic import *\nfrom typing import *\n" + main, "main.py", "exec", dont_inherit=True), scope
    )
    found: dict[str, Any] = scope["app"].openapi()
    return found


PLAIN = """
class Item(BaseModel):
    name: str
    price: float = Field(1.5, gt=0)
    tags: list[str] = []
    kind: Literal["a", "b"] = "a"
    note: Optional[str] = None


app = FastAPI(title="T", version="9")


@app.post("/items/{item_id}", response_model=Item)
def create(item_id: int, item: Item, dry: bool = False):
    return item


@app.get("/items")
def listing(skip: int = 0, q: str | None = None) -> list[Item]:
    return []


@app.post("/upload")
def upload(file: UploadFile, label: str = Form("x")):
    return 1
"""


def test_paths_methods_and_parameters_are_those_of_fastapi(tmp_path: Path) -> None:
    ours, theirs = document(tmp_path, PLAIN), fastapi_itself(PLAIN)
    assert ours["info"] == theirs["info"]
    assert {path: sorted(item) for path, item in ours["paths"].items()} == {path: sorted(item) for path, item in theirs["paths"].items()}
    for path, item in theirs["paths"].items():
        for method, operation in item.items():
            wanted = [(one["name"], one["in"], one["required"]) for one in operation.get("parameters", [])]
            assert [(one["name"], one["in"], one["required"]) for one in ours["paths"][path][method].get("parameters", [])] == wanted
            assert list(operation.get("requestBody", {}).get("content", {})) == list(
                ours["paths"][path][method].get("requestBody", {}).get("content", {})
            )
    mine, his = ours["components"]["schemas"]["Item"], theirs["components"]["schemas"]["Item"]
    assert mine["required"] == his["required"] and list(mine["properties"]) == list(his["properties"])
    assert mine["properties"]["price"]["exclusiveMinimum"] == 0 and mine["properties"]["price"]["default"] == 1.5


def test_routers_of_other_files_with_their_prefixes(tmp_path: Path) -> None:
    main = "from routers import users\nfrom routers.deep import router as deep\napp = FastAPI()\napi = APIRouter(prefix='/api')\napi.include_router(users.router, prefix='/users')\napp.include_router(api)\napp.include_router(deep)\n"
    found = document(
        tmp_path,
        main,
        routers____init___py="",
        routers__users_py="from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/me')\ndef me(): ...\n@router.get('')\ndef all(): ...\n",
        routers__deep_py="from fastapi import APIRouter\nrouter = APIRouter(prefix='/deep')\n@router.delete('/{x}')\ndef gone(x): ...\n",
        routers__unused_py="from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/never')\ndef never(): ...\n",
    )
    assert sorted(found["paths"]) == ["/api/users", "/api/users/me", "/deep/{x}"]


def test_a_factory_in_another_file(tmp_path: Path) -> None:
    files = {
        "service_py": "from fastapi import FastAPI\ndef create_app():\n    app = FastAPI(openapi_url='/v2/openapi.json')\n    @app.get('/a')\n    def a(): ...\n    return app\n"
    }
    made = app(
        tmp_path,
        Dockerfile=RUN.replace("main:app", "--factory main:create_app").replace('"--factory main', '"--factory", "main'),
        main_py="from service import create_app\n",
        **files,
    ).server
    assert made is not None and made.openapi_path == "/v2/openapi.json"
    assert made.document is not None and list(made.document["paths"]) == ["/a"]


def test_flask_blueprints(tmp_path: Path) -> None:
    code = "from flask import Flask, Blueprint, request\nb = Blueprint('b', __name__, url_prefix='/v1')\n@b.route('/x/<int:n>', methods=['POST'])\ndef x(n):\n    data = request.get_json()\n    return data['text']\napp = Flask(__name__)\napp.register_blueprint(b)\n"
    made = app(
        tmp_path, Dockerfile=RUN.replace("uvicorn", "gunicorn").replace('"--host", "0.0.0.0"', '"-b", "0.0.0.0:1"'), main_py=code
    ).server
    assert made is not None and made.document is not None
    operation = made.document["paths"]["/v1/x/{n}"]["post"]
    assert list(operation["requestBody"]["content"]["application/json"]["schema"]["properties"]) == ["text"]


def test_a_committed_document_is_taken(tmp_path: Path) -> None:
    text = '{"openapi": "3.1.0", "info": {"title": "c", "version": "1"}, "paths": {"/own": {}}}'
    assert list(document(tmp_path, "app = FastAPI()\n@app.get('/x')\ndef x(): ...\n", openapi_json=text)["paths"]) == ["/own"]


NOTHING = {
    "no application": "x = 1\n",
    "a hidden route": "app = FastAPI()\n@app.get('/x', include_in_schema=False)\ndef x(): ...\n",
    "a websocket": "app = FastAPI()\n@app.websocket('/x')\nasync def x(ws: WebSocket): ...\n",
    "another object's get": "app = FastAPI()\ncache = {}\n@cache.get('/x')\ndef x(): ...\n",
    "no routes": "app = FastAPI()\n",
}


@pytest.mark.parametrize("main", NOTHING.values(), ids=NOTHING.keys())
def test_no_document_where_there_is_no_route(main: str, tmp_path: Path) -> None:
    assert document(tmp_path, main) == {}


HEALTH = {
    "a health route": ("/healthz", "@app.get('/x')\ndef x(): ...\n@app.get('/healthz')\ndef h(): ...\n"),
    "the root": ("/", "@app.get('/x')\ndef x(): ...\n@app.get('/')\ndef r(): ...\n"),
    "the documentation where the root redirects": (
        "/docs",
        "from fastapi.responses import RedirectResponse\n@app.get('/')\ndef r(): return RedirectResponse('/docs')\n",
    ),
    "not a route with parameters": ("/docs", "@app.get('/health/{x}')\ndef h(x): ...\n@app.get('/status')\ndef s(needed: str): ...\n"),
    "not a POST route": ("/docs", "@app.post('/health')\ndef h(): ...\n"),
}


@pytest.mark.parametrize(("path", "code"), HEALTH.values(), ids=HEALTH.keys())
def test_the_health_path_is_a_get_that_answers(path: str, code: str, tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile=RUN, main_py=f"from fastapi import FastAPI\napp = FastAPI()\n{code}").server
    assert made is not None and made.health_path == path


@pytest.mark.parametrize("value", ["b'x'", "'\\ud800'", "...", "1j", "float('nan')", "float('inf')", "[b'x', 1]", "{'a': b'x'}"])
def test_a_document_holds_what_json_can(value: str, tmp_path: Path) -> None:
    main = f"app = FastAPI()\n\n\nclass Item(BaseModel):\n    n: int = Field({value}, ge={value})\n\n\n@app.post('/items')\ndef create(item: Item, q: str = {value}): ...\n"
    found = document(tmp_path, main)
    assert list(found["paths"]) == ["/items"]
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
