"""The OpenAPI document of a server that runs here, asked from the server itself: ``migrate run PATH --capture-openapi``."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from .application import Application
from .errors import NoDocument
from .server import Runtime

#: Where servers keep their document: FastAPI and its like, then the habits of others (Swagger UIs, utoipa, BentoML, APIFlask).
PATHS = (
    "/openapi.json",
    "/api/openapi.json",
    "/v1/openapi.json",
    "/api/v1/openapi.json",
    "/docs/openapi.json",
    "/api-doc/openapi.json",
    "/docs.json",
    "/docs/json",
    "/swagger.json",
    "/spec",
)
FILE = "openapi.json"
TIMEOUT = 20.0
"""Seconds in which a document has come as a whole."""
_MOST = 1 << 26
"""Bytes of a document."""


async def capture(runtime: Runtime) -> tuple[Path, int]:
    """Write the server's document to ``openapi.json`` of the project; returns that path and the number of routes in it.

    Raises NoDocument where no app starts a server, more than one does, or the server has no document.
    """
    servers = [(name, port) for name, application in runtime.applications.items() if (port := port_of(runtime, application))]
    if len(servers) != 1:
        names = ", ".join(name for name, _ in servers)
        raise NoDocument(f"only a project with one server has a document to capture, and here {f'are {names}' if names else 'is none'}")
    name, port = servers[0]
    document = await _asked(port)
    if document is None:
        raise NoDocument(f"{name}: the server has no OpenAPI 3 document at {', '.join(PATHS)}; write one and give it with --openapi")
    path = runtime.project.root / FILE
    _replace(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return path, len(document["paths"])


def _replace(path: Path, text: str) -> None:
    """Write a file. A link of the project is replaced, and not followed to where it leads."""
    opened, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def port_of(runtime: Runtime, application: Application) -> int | None:
    """The port of the server that a ready app starts: the runner's own, or that of a proxy's constant ``PORT``."""
    runner = next((one for one in application.runners if one.ready_at is not None and one.upstream is not None), None)
    if runner is None or runner.upstream is None:
        return None
    if application.spec.brings_server:
        return runner.upstream.port
    file = (application.spec.ref or "").partition("::")[0]
    return _constant(runtime.project.root / file, "PORT") if file else None


def _constant(file: Path, name: str) -> int | None:
    """A number that a module assigns at its top level."""
    try:
        statements: Iterable[ast.stmt] = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return None
    for statement in statements:
        if isinstance(statement, ast.Assign) and [ast.unparse(one) for one in statement.targets] == [name]:
            value = statement.value
            return value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else None
    return None


async def _asked(port: int) -> dict[str, Any] | None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT, trust_env=False) as client:
        for path in PATHS:
            try:
                document = json.loads(await asyncio.wait_for(_answer(client, path), TIMEOUT))
            except (httpx.HTTPError, ValueError, RecursionError, asyncio.TimeoutError):
                continue
            if isinstance(document, dict) and str(document.get("openapi", "")).startswith("3.") and isinstance(document.get("paths"), dict):
                return document
    return None


async def _answer(client: httpx.AsyncClient, path: str) -> bytes:
    """The body of an answer. Raises ValueError for one that is too large."""
    parts: list[bytes] = []
    size = 0
    async with client.stream("GET", path) as response:
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > _MOST:
                raise ValueError(f"{path} is larger than {_MOST} bytes")
    return b"".join(parts)
