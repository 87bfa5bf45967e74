"""The OpenAPI document of a server: where it serves it, and what it says as far as the project tells."""

from __future__ import annotations

import json
import math
from typing import Any

from converters import rules
from converters.ir import App, Disposition, Finding, Scope
from converters.ledger import Ledger
from converters.options import OpenApi
from converters.project import Project, SourceFile
from converters.sources.docker import authorization, document, official_images
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.routes import Routes

EXPECTED = "/openapi.json"
"""Where fal looks for the document of an app in direct server mode."""
PROXY = "`--target app` writes a proxy with typed endpoints."
SKELETON = (
    "Nothing in the project describes its routes: give the document with `--openapi FILE|URL` (`migrate run OUTPUT --capture-openapi` asks "
    "the running server for it), and `--target app` writes a proxy with typed endpoints."
)


def _document(project: Project, candidate: Candidate, routes: Routes, app: App, given: OpenApi | None) -> None:
    """The document itself: the one that a person gives, a committed one, else one made from the routes."""
    server, listener = app.server, candidate.listener
    assert server is not None
    if given is not None:
        server.document, server.document_origin = _plain(given.document), f"--openapi {given.source}"
        server.findings.append(Finding(subject="openapi", value=given.source, why="given with --openapi"))
        return
    for path, file in sorted(project.files.items(), key=lambda item: (item[0].count("/"), item[0])):
        if path.rsplit("/", 1)[-1] in ("openapi.json", "swagger.json") and file.size < 2**21:
            found = _json(file)
            if found is not None:
                server.document, server.document_origin = _plain(found), path
                return
    if listener is not None and listener.code is not None and routes.root is not None:
        server.document = _plain(document.build(listener.code, routes, app.name))
        if server.document is not None and (asked := authorization.asked(candidate)):
            _with_token(server.document, asked)
        server.unproxied = list(document.unproxied(listener.code, routes))
        server.document_origin = f"the routes of {routes.root.module.path}" if routes.root and server.document else ""


def _with_token(made: dict[str, Any], scheme: str) -> None:
    """Every operation asks for the token that code around them reads, where none says so itself."""
    operations = [one for item in made["paths"].values() for one in item.values()]
    parameters = [parameter for one in operations for parameter in one.get("parameters", ())]
    if any(one.get("security") for one in operations) or any(one["name"] == "authorization" for one in parameters):
        return
    made["security"] = [{scheme: []}]
    made.setdefault("components", {})["securitySchemes"] = {scheme: {"type": "http", "scheme": scheme}}


def _plain(value: Any) -> Any:
    """The value without what JSON cannot hold: code has defaults and bounds of any type, YAML and Python numbers that are none."""
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(part) for key, part in value.items() if _is_plain(part)}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value if _is_plain(part)]
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int | bool | list | tuple | dict)


def _json(file: SourceFile) -> dict[str, Any] | None:
    try:
        value = json.loads(file.data)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("paths"), dict) and "openapi" in value else None


def read(project: Project, candidate: Candidate, routes: Routes, app: App, given: OpenApi | None, ledger: Ledger) -> None:
    """Find the path of the document, and say where it is not the one that fal reads."""
    server, origin = app.server, candidate.start.origin
    assert server is not None
    listener = candidate.listener
    base = official_images.official(candidate.base)
    program = listener.program if listener and listener.program else base.program if base else None
    if routes.openapi_path and routes.root is not None:
        server.openapi_path, origin = routes.openapi_path, routes.root.module.origin(routes.root.call)
        why = f"{routes.kind} serves it there"
    elif program is not None and program.openapi:
        server.openapi_path, why = program.openapi, f"{program.name} serves it there"
    else:
        why = ""
    if server.openapi_path:
        server.findings.append(Finding(subject="openapi", value=server.openapi_path, why=why, origin=origin, decided=True))
    _document(project, candidate, routes, app, given)
    if server.openapi_path == EXPECTED:
        return
    if server.openapi_path:
        where = f"the server serves its OpenAPI document at {server.openapi_path}"
    elif routes.openapi_computed:
        where = "the server serves its OpenAPI document at an address that could not be read from its code"
    elif _may_serve_one(candidate, routes):
        where = "it is not known whether the server serves an OpenAPI document, since its application object was not found in the code"
    else:
        where = "the server serves no OpenAPI document"
    message = f"{where}, and fal reads {EXPECTED}: the app works without it, but has no playground and no list of endpoints. "
    message += PROXY if server.document is not None else SKELETON
    ledger.note(rules.DK023, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)


def _may_serve_one(candidate: Candidate, routes: Routes) -> bool:
    """Whether the server runs an ASGI application whose class was not found: FastAPI and what is made of it serve a document."""
    listener = candidate.listener
    if listener is None or routes.root is not None:
        return False
    if listener.program is not None:
        workers = " ".join(listener.process.words)
        return listener.program.application == "asgi" or "UvicornWorker" in workers
    return listener.framework in ("uvicorn", "hypercorn")
