"""A proxy: a `fal.App` that starts the server in `setup()` and has one typed endpoint for each of its routes."""

from __future__ import annotations

import re
from typing import Any

from converters.concepts.literals import source_of, string
from converters.ir import App, Setting
from converters.targets import app as parts
from converters.targets import function, imports
from converters.targets.json_models import Models
from converters.targets.openapi_shape import well_formed
from converters.targets.proxy_endpoints import Operation, operations, source
from converters.targets.templating import listing, render

FAL_PORTS = frozenset({8080, 9090})
"""Where an app itself listens: for requests and for metrics."""
SKELETON = "Fill in the endpoints of the server, which nothing in the project describes, or convert again with `--openapi FILE|URL`."
KEYWORDS = frozenset({"private_logs", "local_python_modules"})
HELPERS = '''def listed(value: Any) -> list[File]:
    return value if isinstance(value, list) else [] if value is None else [value]


def upload(file: File) -> tuple[str, bytes, str]:
    """A file of the request as the upload that the server expects."""
    with tempfile.TemporaryDirectory() as folder:
        content = file.save(Path(folder) / "upload").read_bytes()
    address = "" if file.url.startswith("data:") else file.url.partition("?")[0]
    content_type = file.content_type or mimetypes.guess_type(address or file.url)[0] or "application/octet-stream"
    name = file.file_name or address.rpartition("/")[2] or "file" + (mimetypes.guess_extension(content_type) or "")
    return name, content, content_type'''


def emit(app: App) -> str:
    """The file with the app."""
    server = app.server
    assert server is not None
    document = well_formed(server.document)
    models = Models(document["components"]["schemas"], taken={app.class_name})
    found = operations(document, models)
    if not found:
        found = [Operation("/", "POST", "/", "call", SKELETON)]
    port, command, environment = listens(app)
    grace, startup = app.setting("termination_grace_period_seconds"), app.setting("startup_timeout")
    text = render(
        "proxy.py.j2",
        app=app,
        title=f"{app.name}: a Docker server behind typed endpoints.",
        imports="@IMPORTS@",
        command=listing(command, 0, 10),
        port=port,
        ready=server.health_path,
        startup_timeout=startup.value if startup else 600,
        stop_timeout=max(1, (grace.value if grace else 5) - 1),
        models=models.classes,
        raw=any(one.raw and one.files for one in found),
        keywords=[f"{one.name}={source_of(one.value)}" for one in app.settings if one.name in KEYWORDS],
        settings=_settings(app),
        environment=environment,
        cwd=f", cwd={string(server.workdir)}" if server.workdir not in ("", "/") else "",
        endpoints="\n\n".join(source(one) for one in found) + "\n",
    )
    if any(one.files for one in found):
        text = text.rstrip("\n") + "\n\n\n" + HELPERS + "\n"
    return parts.tidy(imports_of(text))


def imports_of(text: str) -> str:
    used = imports.used_names(text.replace(imports.PLACE, "", 1))
    standard = ["contextlib", "mimetypes", "os", "signal", "subprocess", "tempfile", "time"]
    lines = [f"import {name}" for name in standard if f"{name}." in used]
    lines += [
        "from collections.abc import Iterator",
        "from http.cookiejar import CookieJar, DefaultCookiePolicy",
        "from pathlib import Path",
    ]
    names = [name for name in ("Any", "Literal") if name in used]
    lines += [f"from typing import {', '.join(names)}"] + (["from urllib.parse import quote"] if "quote" in used else [])
    toolkit = [name for name in ("Audio", "File", "Image", "Video") if name in used]
    pydantic = [name for name in ("BaseModel", "ConfigDict", "Field") if name in used]
    third = ["import fal", "import httpx", "from fal.container import ContainerImage", f"from fal.toolkit import {', '.join(toolkit)}"]
    third += ["from fastapi import HTTPException, Request", "from fastapi.responses import JSONResponse, Response, StreamingResponse"]
    third += [f"from pydantic import {', '.join(pydantic)}"] if pydantic else []
    here = "HERE = Path(__file__).parent  # where `fal deploy` reads the image and its files"
    return text.replace(imports.PLACE, "\n" + "\n".join([*lines, "", *third, "", here]), 1)


def _settings(app: App) -> list[str]:
    server = app.server
    assert server is not None
    lines = [parts.setting(one) for one in app.settings if one.name not in KEYWORDS]
    if app.secrets and app.setting("secrets") is None:
        lines.append(parts.setting(Setting(name="secrets", value=sorted({secret.name for secret in app.secrets}))))
    lines.append(f"app_auth = {string(str(server.extra.get('auth', 'private')))}")
    return [*lines, f"image = {function.image_of(app)}"]


def listens(app: App) -> tuple[int, list[str], list[tuple[str, str]]]:
    """(port, command, variables) of the server beside the app, which has ports of its own."""
    server = app.server
    assert server is not None
    port = server.port or 8000
    if port not in FAL_PORTS:
        return port, list(server.command), []
    moved = port + 10_000
    command = [re.sub(rf"(?<!\d){port}(?!\d)", str(moved), word) for word in server.command]
    variables = [(name, str(moved)) for name in _port_variables(app)]
    return moved, command, variables


def _port_variables(app: App) -> list[str]:
    server = app.server
    whys = [one.why for one in (server.findings if server else []) if one.subject == "port" and one.decided]
    found: list[Any] = [match.group(1) for why in whys if (match := re.search(r"variable (\w+)|default of variable (\w+)", why))]
    return [str(name) for name in found if name]


__all__ = ["emit", "imports"]
