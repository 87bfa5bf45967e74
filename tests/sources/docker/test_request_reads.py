"""What routes take from a request: parameters, dependencies, and what their code reads from the request object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sources.docker.projects import app

FLASK = 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["gunicorn", "-b", "0.0.0.0:5000", "main:app"]\n'
FASTAPI = 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'
FORM = "application/x-www-form-urlencoded"


def document(folder: Path, image: str, main: str, **files: str) -> dict[str, Any]:
    server = app(folder, Dockerfile=image, main_py=main, **files).server
    assert server is not None and server.document is not None
    return server.document


def operation(folder: Path, image: str, main: str, **files: str) -> dict[str, Any]:
    (item,) = document(folder, image, main, **files)["paths"].values()
    (found,) = item.values()
    assert isinstance(found, dict)
    return found


def flask(body: str, method: str = "POST") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"from flask import Flask, request, abort\nimport json\napp = Flask(__name__)\n\n\n@app.route('/x', methods=['{method}'])\ndef x():\n{lines}\n"


PARAMETERS = {
    "a key that must be there": ("return request.args['q']", [("q", "query", True, {"type": "string"})]),
    "a key that may be there": ("return request.args.get('q')", [("q", "query", False, {"type": "string"})]),
    "a key with a type": ("return str(request.args.get('n', 5, type=int))", [("n", "query", False, {"type": "integer", "default": 5})]),
    "a key that is made a number": ("return str(float(request.args['n']))", [("n", "query", True, {"type": "number"})]),
    "a key several times": (
        "return str(request.args.getlist('n'))",
        [("n", "query", False, {"type": "array", "items": {"type": "string"}})],
    ),
    "a name for the parameters": ("args = request.args\nreturn args.get('q') or args['r']", [
        ("q", "query", False, {"type": "string"}), ("r", "query", True, {"type": "string"}),
    ]),
    "a header, in lower case": ("return request.headers['X-Tenant']", [("x-tenant", "header", True, {"type": "string"})]),
    "a cookie": ("return request.cookies.get('theme')", [("theme", "cookie", False, {"type": "string"})]),
    "values of either place": ("return request.values.get('q')", [("q", "query", False, {"type": "string"})]),
    "a question whether a key is there": ("return str('q' in request.args)", [("q", "query", False, {"type": "string"})]),
    "a header that every request has": ("return request.headers.get('User-Agent')", []),
    "another object's arguments": ("class request2: args = {}\nreturn request2.args['q']", []),
    "an attribute that is no part": ("return request.remote_addr + request.path", []),
    "an item that is assigned": ("session = {}\nsession['q'] = 1\nreturn 'x'", []),
    "a header of the answer": ("answer = abort(404)\nanswer.headers['X-Left'] = 'a'\nreturn answer", []),
    "nothing": ("return 'x'", []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_parameters_that_a_flask_route_reads(body: str, wanted: list[tuple[str, str, bool, Any]], tmp_path: Path) -> None:
    found = operation(tmp_path, FLASK, flask(body, "GET"))
    assert [(one["name"], one["in"], one["required"], one["schema"]) for one in found.get("parameters", [])] == wanted
    assert "requestBody" not in found


BODIES: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "an upload with a field": (
        "data = request.files['image'].read()\nreturn request.form.get('mode', 'plain')",
        "multipart/form-data",
        {"mode": {"type": "string", "default": "plain"}, "image": {"type": "string", "format": "binary"}},
        ["image"],
    ),
    "an upload that is looked for first": (
        "if 'image' not in request.files:\n    abort(400)\nreturn request.files['image'].filename",
        "multipart/form-data",
        {"image": {"type": "string", "format": "binary"}},
        ["image"],
    ),
    "fields of a form": ("return request.form['a']", FORM, {"a": {"type": "string"}}, ["a"]),
    "json with a name": ("data = request.get_json(force=True) or {}\nreturn data.get('a')", "application/json", {"a": {}}, []),
    "json that is parsed by hand": ("return json.loads(request.data)['a']", "application/json", {}, []),
    "json in a helper": ("return read()\n\ndef inner():\n    pass", "application/json", {"b": {}}, []),
}


@pytest.mark.parametrize(("body", "kind", "properties", "required"), BODIES.values(), ids=BODIES.keys())
def test_the_body_that_a_flask_route_reads(body: str, kind: str, properties: dict[str, Any], required: list[str], tmp_path: Path) -> None:
    helper = "\n\ndef read():\n    return request.json['b']\n"
    content = operation(tmp_path, FLASK, flask(body) + helper)["requestBody"]["content"]
    assert list(content) == [kind]
    assert (content[kind]["schema"]["properties"], content[kind]["schema"].get("required", [])) == (properties, required)


@pytest.mark.parametrize("read", ["request.get_data()", "request.data", "request.stream.read()"])
def test_bytes_that_are_the_whole_body(read: str, tmp_path: Path) -> None:
    content = operation(tmp_path, FLASK, flask(f"return str(len({read}))"))["requestBody"]["content"]
    assert content == {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def fastapi(rest: str) -> str:
    return f"from typing import Annotated\nfrom fastapi import *\nfrom fastapi.security import *\nfrom pydantic import BaseModel\n{rest}"


HEAD = "app = FastAPI()\n@app.post('/x')\n"
DEPENDENCIES = {
    "a function": ("def page(skip: int = 0, q: str | None = None): ...\n" + HEAD + "def x(p = Depends(page)): ...\n", ["skip", "q"]),
    "a function behind another name": (
        "def who(x_user: str = Header()): ...\nUser = Annotated[str, Depends(who)]\n" + HEAD + "def x(user: User): ...\n",
        ["x-user"],
    ),
    "one that depends on another": (
        "def b(z: int): ...\ndef a(y: int, b = Depends(b)): ...\n" + HEAD + "def x(a = Depends(a)): ...\n",
        ["y", "z"],
    ),
    "a class": ("class Page:\n    def __init__(self, skip: int = 0): ...\n" + HEAD + "def x(p: Page = Depends()): ...\n", ["skip"]),
    "a key in a header": ("key = APIKeyHeader(name='X-API-Key')\n" + HEAD + "def x(k = Security(key)): ...\n", []),
    "the application": (
        "def page(skip: int): ...\napp = FastAPI(dependencies=[Depends(page)])\n@app.post('/x')\ndef x(): ...\n",
        ["skip"],
    ),
    "a router that is included": (
        (
            "def page(skip: int): ...\nr = APIRouter()\n@r.post('/x')\ndef x(): ...\n"
            "app = FastAPI()\napp.include_router(r, dependencies=[Depends(page)])\n"
        ),
        ["skip"],
    ),
    "a decorator": ("def page(skip: int): ...\napp = FastAPI()\n@app.post('/x', dependencies=[Depends(page)])\ndef x(): ...\n", ["skip"]),
    "one of a library": ("from somewhere import page\n" + HEAD + "def x(p = Depends(page)): ...\n", []),
    "one that takes the request": ("def page(request: Request): ...\n" + HEAD + "def x(p = Depends(page)): ...\n", []),
    "a header with a name of its own": (HEAD + "def x(t: str = Header(alias='X-T')): ...\n", ["X-T"]),
    "a header that keeps its underscores": (HEAD + "def x(a_b: str = Header(convert_underscores=False)): ...\n", ["a_b"]),
}


@pytest.mark.parametrize(("main", "names"), DEPENDENCIES.values(), ids=DEPENDENCIES.keys())
def test_parameters_of_dependencies(main: str, names: list[str], tmp_path: Path) -> None:
    found = operation(tmp_path, FASTAPI, fastapi(main))
    assert [one["name"] for one in found.get("parameters", [])] == names
    if "somewhere" not in main:
        assert itself(fastapi(main)) == names


def itself(main: str) -> list[str]:
    """The names that FastAPI's own document lists."""
    scope: dict[str, Any] = {"__name__": "served"}
    exec(compile(main, "main.py", "exec", dont_inherit=True), scope)
    (item,) = scope["app"].openapi()["paths"].values()
    (found,) = item.values()
    return [str(one["name"]) for one in found.get("parameters", [])]


SECURITY = {
    "a key in a header": ("key = APIKeyHeader(name='X-Key')", {"type": "apiKey", "in": "header", "name": "X-Key"}),
    "a key in the query": ("key = APIKeyQuery(name='k')", {"type": "apiKey", "in": "query", "name": "k"}),
    "a bearer": ("key = HTTPBearer()", {"type": "http", "scheme": "bearer"}),
    "a password": ("key = HTTPBasic()", {"type": "http", "scheme": "basic"}),
}


@pytest.mark.parametrize(("made", "scheme"), SECURITY.values(), ids=SECURITY.keys())
def test_what_callers_show(made: str, scheme: dict[str, Any], tmp_path: Path) -> None:
    found = document(tmp_path, FASTAPI, fastapi(f"{made}\n{HEAD}def x(k = Depends(key)): ...\n"))
    ((name, _),) = [pair for one in found["paths"]["/x"]["post"]["security"] for pair in one.items()]
    assert found["components"]["securitySchemes"][name] == scheme


def test_starlette_s_form_holds_texts_and_uploads(tmp_path: Path) -> None:
    code = "    form = await request.form()\n    image = form['image']\n    data = await image.read()\n    return form.get('mode')\n"
    content = operation(tmp_path, FASTAPI, fastapi(f"{HEAD}async def x(request: Request):\n{code}"))["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    assert sorted(content["multipart/form-data"]["schema"]["properties"]) == ["image", "mode"]


WHOLE = {
    "all query parameters": ("return dict(request.args)", ["query parameters of /x"]),
    "a loop over uploads": ("for one in request.files.values():\n    one.save('a')\nreturn 'x'", ["uploads of /x"]),
    "a key that is computed": ("k = 'a'\nreturn request.args[k]", ["query parameters of /x"]),
    "all headers": ("return dict(request.headers)", []),
    "all of a form, whose fields go through": ("return dict(request.form)", []),
    "all of the json": ("return run(request.get_json())", []),
    "whether there are any": ("return 'a' if request.files else 'b'", []),
}


@pytest.mark.parametrize(("body", "wanted"), WHOLE.values(), ids=WHOLE.keys())
def test_what_nobody_can_list(body: str, wanted: list[str], tmp_path: Path) -> None:
    server = app(tmp_path, Dockerfile=FLASK, main_py=flask(body)).server
    assert server is not None and [one.what for one in server.unproxied] == wanted
