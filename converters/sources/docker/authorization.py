"""Servers that ask callers for an Authorization of their own: on fal that header holds the caller's fal key."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from converters import rules
from converters.ir import App, Disposition
from converters.ledger import Ledger
from converters.provenance import Origin
from converters.python.module import FunctionNode, Module
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.defaults import dotted

SCHEMES = frozenset(
    {"HTTPBearer", "HTTPBasic", "HTTPDigest", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer", "HTTPBasicAuth", "HTTPTokenAuth"}
)
"""Classes of FastAPI and Flask-HTTPAuth that read the header."""
REQUESTS = frozenset({"request", "req", "websocket", "ws", "connection", "conn", "scope"})
FLAGS = ("--api-key", "--api-keys", "--api-key-file")
"""By which vLLM, SGLang, llama.cpp, TGI and TEI ask for `Authorization: Bearer`."""


def read(candidate: Candidate, app: App, ledger: Ledger, *, proxied: bool = False) -> None:
    """Name the first place that asks for it. `proxied`: a proxy stands in front, which hands on the token that a request holds."""
    found = next(_asks(candidate), None)
    if found is None:
        return
    what, origin = found
    document = app.server.document or {} if app.server is not None else {}
    if proxied and _has_input(document):
        message = f"{what} reads Authorization, which is an input of the proxy's endpoints, `authorization`: callers send the token there"
        ledger.note(rules.DK045, Disposition.CONVERTED, message, origin)
        return
    told = " A proxy (`--target app`) takes the token as an input of its endpoints, `authorization`." if _has_input(document) else ""
    message = (
        f"{what} reads Authorization, and callers of fal send `Authorization: Key ...` there, which the server refuses: remove the check, "
        f'since auth = "private" lets only callers with a fal key through, or read the token from another header.{told}'
    )
    ledger.note(rules.DK045, Disposition.MANUAL, message, origin)


def _has_input(document: dict[str, Any]) -> bool:
    """Whether an OpenAPI document says that operations take Authorization."""
    paths = document.get("paths")
    items = paths.values() if isinstance(paths, dict) else ()
    operations = [one for item in items if isinstance(item, dict) for one in item.values()]
    stated = [one for one in operations if isinstance(one, dict)]
    named = [one.get("name") for holder in stated for one in holder.get("parameters", ()) if isinstance(one, dict)]
    return bool(document.get("security")) or any(one.get("security") for one in stated) or "authorization" in map(str, named)


def asked(candidate: Candidate) -> str:
    """The scheme of the token that the server asks for, as OpenAPI names it; '' where it asks for none."""
    found = next(_asks(candidate), None)
    return "" if found is None else "basic" if "Basic" in found[0] else "bearer"


def _asks(candidate: Candidate) -> Iterator[tuple[str, Origin]]:
    listener = candidate.listener
    if listener is None:
        return
    if listener.program is not None and not listener.program.application:
        for flag in FLAGS:
            if any(word == flag or word.startswith(f"{flag}=") for word in listener.process.words):
                yield f"{listener.program.name} with {flag}", listener.process.origin
    for module in listener.modules if listener.code is not None else ():
        if b"uthorization" in module.file.data or any(name.encode() in module.file.data for name in SCHEMES):
            for node in ast.walk(module.tree):
                if what := _reads(node, module):
                    yield what, module.origin(node)


def _reads(node: ast.AST, module: Module) -> str:
    """How a node of the code reads the caller's Authorization; '' where it does not."""
    if isinstance(node, ast.Call):
        name = dotted(node.func).rsplit(".", 1)[-1]
        if name in SCHEMES and not _goes_out(node, module):
            return f"`{name}`"
        if name == "get" and isinstance(node.func, ast.Attribute) and node.args and _header(node.func.value, node.args[0]):
            return "the code"
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _header(node.value, node.slice):
        return "the code"
    if isinstance(node, ast.Attribute) and node.attr == "authorization" and _is_request(node.value):
        return "`request.authorization`"
    if isinstance(node, ast.arg) and node.arg == "authorization" and isinstance(module.parents.get(module.parents[node]), FunctionNode):
        function = module.parents[module.parents[node]]
        defaults = [*function.args.defaults, *function.args.kw_defaults] if isinstance(function, FunctionNode) else []
        annotated = ast.dump(node.annotation) if node.annotation is not None else ""
        headers = [one for one in defaults if isinstance(one, ast.Call) and dotted(one.func).endswith("Header")]
        return "a parameter" if headers or "'Header'" in annotated else ""
    return ""


def _goes_out(node: ast.Call, module: Module) -> bool:
    """Whether it stands in a request that the code sends: `requests.get(url, auth=HTTPBasicAuth(...))`."""
    parent = module.parents.get(node)
    return (isinstance(parent, ast.keyword) and parent.arg == "auth") or len(node.args) == 2


def _header(owner: ast.expr, key: ast.expr) -> bool:
    name = key.value if isinstance(key, ast.Constant) else ""
    is_name = isinstance(name, str) and name.lower() in ("authorization", "http_authorization")
    return is_name and isinstance(owner, ast.Attribute) and owner.attr in ("headers", "environ", "META") and _is_request(owner.value)


def _is_request(node: ast.expr) -> bool:
    return dotted(node).rsplit(".", 1)[-1] in REQUESTS
