"""An OpenAPI document from the routes of a server's code, in the form in which FastAPI writes its own."""

from __future__ import annotations

import ast
import re
from typing import Any

from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import Module
from converters.sources.docker.defaults import dotted, keyword
from converters.sources.docker.routes import Route, Routes
from converters.sources.docker.schemas import Schemas

INJECTED = re.compile(
    r"\b(Request|Response|WebSocket|BackgroundTasks|Depends|Security|SessionDep|CurrentUser|HTTPConnection)\b|Dep\b|Dependency\b"
)
MEDIA = {
    "FileResponse": "application/octet-stream",
    "StreamingResponse": "text/event-stream",
    "HTMLResponse": "text/html",
    "PlainTextResponse": "text/plain",
    "RedirectResponse": "text/html",
    "Response": "application/octet-stream",
}


def build(code: Code, routes: Routes, title: str) -> dict[str, Any] | None:
    """The document; None where no route could be read."""
    schemas = Schemas(code)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes.routes:
        if route.websocket or _hidden(route):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path))
        for method in route.methods:
            if method not in ("head", "options"):
                paths.setdefault(path, {}).setdefault(method, _operation(schemas, route, path, method))
    if not paths:
        return None
    name, version = _text(code, routes, "title") or title, _text(code, routes, "version") or "0.1.0"
    found: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": name, "version": version}, "paths": paths}
    if schemas.components:
        found["components"] = {"schemas": dict(sorted(schemas.components.items()))}
    return found


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
    """Parameters and body: path parameters by name, models as the body, the rest of a GET as the query."""
    assert route.function is not None
    named = set(re.findall(r"\{(\w+)\}", path))
    parameters: list[dict[str, Any]] = []
    bodies: list[tuple[str, dict[str, Any], bool]] = []
    form: dict[str, Any] = {}
    needed: list[str] = []
    flask = _is_flask(route)
    for argument, default in _arguments(route.function):
        annotation = argument.annotation
        source = ast.unparse(annotation) if annotation is not None else ""
        if (
            argument.arg in ("self", "cls")
            or (argument.arg in ("request", "response") and annotation is None)
            or INJECTED.search(source)
            or (isinstance(default, ast.Call) and dotted(default.func).rsplit(".", 1)[-1] in ("Depends", "Security"))
        ):
            continue
        kind = _place(default, annotation)
        name, made, required = schemas.member(route.module, argument.arg, annotation, default)
        if argument.arg in named:
            parameters.append({"name": argument.arg, "in": "path", "required": True, "schema": made or {"type": "string"}})
        elif kind in ("Form", "File") or "UploadFile" in source:
            form[name] = made
            needed += [name] if required else []
        elif kind == "Body" or (kind == "" and _is_model(made)):
            bodies.append((name, made, required))
        elif kind in ("Header", "Cookie"):
            continue
        elif not flask:
            parameters.append({"name": name, "in": "query", "required": required, "schema": made})
    for name in sorted(named - {one["name"] for one in parameters}):
        parameters.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    if parameters:
        found["parameters"] = parameters
    _body(found, bodies, form, needed, route, method)


def _body(
    found: dict[str, Any],
    bodies: list[tuple[str, dict[str, Any], bool]],
    form: dict[str, Any],
    needed: list[str],
    route: Route,
    method: str,
) -> None:
    if form:
        schema: dict[str, Any] = {"type": "object", "properties": form, **({"required": needed} if needed else {})}
        binary = any("binary" in str(one) for one in form.values())
        found["requestBody"] = {
            "content": {"multipart/form-data" if binary else "application/x-www-form-urlencoded": {"schema": schema}},
            "required": bool(needed),
        }
    elif len(bodies) == 1:
        found["requestBody"] = {"content": {"application/json": {"schema": bodies[0][1]}}, "required": bodies[0][2]}
    elif bodies:
        schema = {
            "type": "object",
            "properties": {name: made for name, made, _ in bodies},
            "required": [name for name, _, required in bodies if required],
        }
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": True}
    elif method in ("post", "put", "patch") and _reads_json(route):
        found["requestBody"] = {
            "content": {"application/json": {"schema": {"type": "object", "properties": _keys(route), "additionalProperties": True}}},
            "required": True,
        }


def _is_flask(route: Route) -> bool:
    return b"flask" in route.module.file.data.lower() and b"fastapi" not in route.module.file.data.lower()


def _reads_json(route: Route) -> bool:
    return route.function is not None and bool(
        re.search(r"request\.(json|get_json|data)\b|await request\.json\(", ast.unparse(route.function))
    )


def _keys(route: Route) -> dict[str, Any]:
    """Keys that the function takes from the request's JSON: `data["prompt"]`, `data.get("steps")`."""
    assert route.function is not None
    names = {"request"}
    for node in ast.walk(route.function):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and re.search(r"request\.(json|get_json)|\.json\(\)", ast.unparse(node.value))
        ):
            names.add(node.targets[0].id)
    found: dict[str, Any] = {}
    for node in ast.walk(route.function):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and (dotted(node.value) in names - {"request"} or dotted(node.value) == "request.json"):
            key = node.slice
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
            and (dotted(node.func.value) in names - {"request"} or dotted(node.func.value) == "request.json")
        ):
            key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.setdefault(key.value, {})
    return found


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[ast.arg, ast.expr | None]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    padded: list[ast.expr | None] = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    return [*zip(positional, padded, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]


def _place(default: ast.expr | None, annotation: ast.expr | None) -> str:
    """Where a parameter comes from: `Query`, `Body`, `Form`, `File`, `Header`, or '' where nothing says."""
    calls = [
        default,
        *(
            annotation.slice.elts[1:]
            if isinstance(annotation, ast.Subscript)
            and isinstance(annotation.slice, ast.Tuple)
            and dotted(annotation.value).endswith("Annotated")
            else []
        ),
    ]
    names = [dotted(one.func).rsplit(".", 1)[-1] for one in calls if isinstance(one, ast.Call)]
    return next((name for name in names if name in ("Query", "Body", "Form", "File", "Header", "Cookie", "Path")), "")


def _is_model(made: dict[str, Any]) -> bool:
    parts = made.get("anyOf", [made])
    return any(
        "$ref" in part or part.get("type") == "object" or (part.get("type") == "array" and "$ref" in str(part.get("items")))
        for part in parts
    )


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
