"""An OpenAPI document from the routes of a server's code, in the form in which FastAPI writes its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from converters.ir import Unproxied
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import Module
from converters.sources.docker import request_reads
from converters.sources.docker.defaults import dotted, keyword
from converters.sources.docker.parameters import Parameters
from converters.sources.docker.routes import Route, Routes
from converters.sources.docker.schemas import Schemas

MEDIA = {
    "FileResponse": "application/octet-stream",
    "StreamingResponse": "text/event-stream",
    "HTMLResponse": "text/html",
    "PlainTextResponse": "text/plain",
    "RedirectResponse": "text/html",
    "Response": "application/octet-stream",
}
WHOLE = {"query": "query parameters", "files": "uploads"}
"""Parts of a request whose keys must be known to pass them on."""
NOT_ASKED = frozenset({"host", "content-type", "content-length", "user-agent", "accept", "accept-encoding", "x-forwarded-for", "x-real-ip"})
"""Headers that every request has anyway, and that are no inputs."""


def build(code: Code, routes: Routes, title: str) -> dict[str, Any] | None:
    """The document; None where no route could be read."""
    schemas = Schemas(code)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes.routes:
        if route.websocket or _hidden(route):
            continue
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path))
        for method in route.methods:
            if method not in ("head", "options"):
                paths.setdefault(path, {}).setdefault(method, _operation(schemas, route, path, method))
    if not paths:
        return None
    name, version = _text(code, routes, "title") or title, _text(code, routes, "version") or "0.1.0"
    found: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": name, "version": version}, "paths": paths}
    if schemas.components:
        found["components"] = {"schemas": dict(sorted(schemas.components.items()))}
    if schemas.security:
        found.setdefault("components", {})["securitySchemes"] = dict(sorted(schemas.security.items()))
    return found


def unproxied(code: Code, routes: Routes) -> Iterator[Unproxied]:
    """What a proxy with an endpoint for each route cannot pass on: unreadable paths, keys that nobody can list, and websockets."""
    for route in routes.unread:
        if not route.websocket:
            what = f"what `{route.function.name}` answers" if route.function else "a route"
            yield Unproxied(what=what, why="its path cannot be read from the code", origin=route.module.origin(route.decorator))
    for route in routes.routes:
        place = route.module.origin(route.decorator)
        if route.websocket:
            yield Unproxied(what=f"the websocket {route.path}", why="a proxy's endpoints answer requests", origin=place)
        elif route.function is not None:
            read = request_reads.reads(code, route.module, route.function)
            for part in sorted(read.whole & WHOLE.keys()):
                yield Unproxied(what=f"{WHOLE[part]} of {route.path}", why="the code reads them whatever their names are", origin=place)


def _text(code: Code, routes: Routes, name: str) -> str:
    node = keyword(routes.root.call, name) if routes.root else None
    try:
        value = constant(code, routes.root.module, node) if node is not None and routes.root else ""
    except NotConstant:
        return ""
    return value if isinstance(value, str) else ""


def _hidden(route: Route) -> bool:
    stated = keyword(route.decorator, "include_in_schema")
    return isinstance(stated, ast.Constant) and stated.value is False


def _operation(schemas: Schemas, route: Route, path: str, method: str) -> dict[str, Any]:
    name = route.function.name if route.function else re.sub(r"\W+", "_", path).strip("_") or "root"
    summary = keyword(route.decorator, "summary")
    text = ast.get_docstring(route.function) if route.function else None
    found: dict[str, Any] = {
        "summary": summary.value if isinstance(summary, ast.Constant) else name.replace("_", " ").title(),
        "operationId": f"{name}_{re.sub(r'[^A-Za-z0-9]', '_', path)}_{method}".strip("_"),
    }
    if text:
        found["description"] = text.strip().splitlines()[0]
    if route.function is not None:
        _inputs(schemas, route, path, method, found)
    found["responses"] = _responses(schemas, route)
    return found


def _inputs(schemas: Schemas, route: Route, path: str, method: str, found: dict[str, Any]) -> None:
    """Parameters and body: path parameters by name, models as the body, the rest of a GET as the query; and what the code reads itself."""
    assert route.function is not None
    named = re.findall(r"\{(\w+)\}", path)
    taken = Parameters(schemas, set(named))
    taken.add(route.module, route.function, flask=_is_flask(route))
    for module, call in route.dependencies:
        taken.depend(module, call)
    for name in sorted(set(named) - {one["name"] for one in taken.listed}):
        taken.parameter(name, "path", _converted(route.path, name), required=True)
    read = request_reads.reads(schemas.code, route.module, route.function)
    for part in ("query", "header", "cookie"):
        for key, made in read.of(part).items():
            name = key.lower() if part == "header" else key
            if name not in NOT_ASKED:
                taken.parameter(name, part, made, required=(part, key) in read.required)
    if taken.listed:
        found["parameters"] = taken.in_order()
    if taken.security:
        found["security"] = [{_scheme(schemas, one): []} for one in taken.security]
    if method in ("post", "put", "patch", "delete"):
        _body(found, taken, read)


def _converted(path: str, name: str) -> dict[str, Any]:
    """By Flask's converter: `<int:n>`."""
    stated = re.search(rf"<(\w+)(?:\([^)]*\))?:{name}>", path)
    return {"type": {"int": "integer", "float": "number"}.get(stated.group(1) if stated else "", "string")}


def _scheme(schemas: Schemas, scheme: dict[str, Any]) -> str:
    """The name under which the document holds a security scheme."""
    name = f"{scheme['type']}-{scheme.get('name') or scheme.get('scheme')}"
    schemas.security[name] = scheme
    return name


def _body(found: dict[str, Any], taken: Parameters, read: request_reads.Reads) -> None:
    files, texts = read.of("files"), read.of("form")
    form = {**taken.form, **texts, **files}
    needed = [*taken.needed, *(key for part in ("form", "files") for key in read.of(part) if (part, key) in read.required)]
    if form or "form" in read.seen or "files" in read.seen:
        schema: dict[str, Any] = {"type": "object", "properties": form, **({"required": needed} if needed else {})}
        binary = "files" in read.seen or any("binary" in str(one) for one in form.values())
        kind = "multipart/form-data" if binary else "application/x-www-form-urlencoded"
        found["requestBody"] = {"content": {kind: {"schema": schema}}, "required": bool(needed)}
    elif len(taken.bodies) == 1:
        found["requestBody"] = {"content": {"application/json": {"schema": taken.bodies[0][1]}}, "required": taken.bodies[0][2]}
    elif taken.bodies:
        schema = {
            "type": "object",
            "properties": {name: made for name, made, _ in taken.bodies},
            "required": [name for name, _, required in taken.bodies if required],
        }
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
    elif "json" in read.seen:
        schema = {"type": "object", "properties": read.of("json"), "additionalProperties": True}
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
    elif "raw" in read.seen:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        found["requestBody"] = {"content": content, "required": False}  # the code may take an empty one


def _is_flask(route: Route) -> bool:
    return b"flask" in route.module.file.data.lower() and b"fastapi" not in route.module.file.data.lower()


def _responses(schemas: Schemas, route: Route) -> dict[str, Any]:
    function = route.function
    model = keyword(route.decorator, "response_model")
    annotation = model or (function.returns if function else None)
    classes = [dotted(one.value).rsplit(".", 1)[-1] for one in route.decorator.keywords if one.arg == "response_class"]
    returned = [dotted(annotation).rsplit(".", 1)[-1]] if annotation is not None else []
    if function is not None and not classes:
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)]
        for call in calls:
            name = dotted(call.value.func).rsplit(".", 1)[-1] if isinstance(call.value, ast.Call) else ""
            media = keyword(call.value, "media_type") if isinstance(call.value, ast.Call) else None
            if name in MEDIA and isinstance(media, ast.Constant) and isinstance(media.value, str):
                return {"200": {"description": "Successful Response", "content": {media.value.split(";")[0]: {}}}}
            if name in MEDIA and not model:
                classes.append(name)
    kind = next((MEDIA[name] for name in [*classes, *returned] if name in MEDIA), "application/json")
    if kind != "application/json":
        return {"200": {"description": "Successful Response", "content": {kind: {}}}}
    status = keyword(route.decorator, "status_code")
    code = str(status.value) if isinstance(status, ast.Constant) and isinstance(status.value, int) else "200"
    schema = schemas.of(route.module, annotation) if annotation is not None and not isinstance(annotation, ast.Constant) else {}
    return {code: {"description": "Successful Response", "content": {"application/json": {"schema": schema}}}}


__all__ = ["Module", "build"]
