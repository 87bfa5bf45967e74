"""`@fal.function(image=..., exposed_port=...)`: the older direct server mode, whose body starts the server."""

from __future__ import annotations

from typing import Any

from converters.concepts.literals import source_of, string
from converters.escape import comment
from converters.ir import App
from converters.targets import app as parts
from converters.targets.templating import listing, render

OWN = frozenset({"setup_function", "local_python_modules", "metadata"})


def emit(app: App, document: str) -> str:
    """The file with the function. `document`: the OpenAPI file beside it, '' where there is none."""
    server = app.server
    assert server is not None
    prepare = app.setting("setup_function")
    body = render(
        "function.py.j2",
        app=app,
        server=server,
        title=f"{app.name}: a Docker server, started by a function that fal runs in its image.",
        imports=imports(document, server.health_path is not None, str(prepare.value) if prepare else ""),
        document=document,
        arguments=arguments(app),
        command=listing(list(server.command), 4, 20),
        cwd=f", cwd={string(server.workdir)}" if server.workdir not in ("", "/") else "",
        prepare=str(prepare.value).partition(":")[2] if prepare else "",
    )
    return parts.tidy(body)


def imports(document: str, health: bool, prepare: str) -> str:
    """The imports of the file; `prepare` is `module:function` of what runs before the server, '' for nothing."""
    lines = [*(["import json"] if document else []), "import subprocess", "from pathlib import Path", "", "import fal"]
    lines += ["from fal.container import ContainerImage", *(["from fal.sdk import ApplicationHealthCheckConfig"] if health else [])]
    if prepare:
        module, _, name = prepare.partition(":")
        lines += ["", f"from {module} import {name}"]
    return "\n".join([*lines, "", "HERE = Path(__file__).parent  # where `fal deploy` reads the image and its files"])


def image_of(app: App) -> str:
    """Source of the image: a Dockerfile of the project, or a ready image as a Dockerfile of one line."""
    server = app.server
    assert server is not None
    extra: list[str] = []
    if app.environment.build_args:
        extra.append(f"build_args={source_of(app.environment.build_args)}")
    if app.environment.build_secrets:
        extra.append(f"secrets={source_of(app.environment.build_secrets)}")
    if server.registries:
        logins = {one.host: {"username": one.username, "password": f"${one.secret}"} for one in server.registries}
        extra.append(f"registries={source_of(logins)}")
    tail = "".join(f", {part}" for part in extra)
    if app.environment.dockerfile is not None:
        return f"ContainerImage.from_dockerfile(str(HERE / {string(app.environment.dockerfile)}), context_dir=HERE{tail})"
    return f"ContainerImage.from_dockerfile_str({string(f'FROM {server.image}')}, context_dir=HERE{tail})"


def arguments(app: App) -> list[str]:
    """The arguments of the decorator, each with where it comes from."""
    server = app.server
    assert server is not None
    lines = [f"image={image_of(app)}"]
    values: list[tuple[str, Any]] = [(setting.name, setting.value) for setting in app.settings if setting.name not in OWN]
    lines += [f"{name}={source_of(value)}" for name, value in values]
    if app.secrets and all(name != "secrets" for name, _ in values):
        lines.append(f"secrets={source_of(sorted({secret.name for secret in app.secrets}))}")
    lines.append(f"exposed_port={server.port}")
    if modules := local_modules(app):
        lines.append(f"local_python_modules={source_of(modules)}")
    stated = app.setting("metadata")
    lines.append(f"metadata={source_of(stated.value)}" if stated is not None else 'metadata={"openapi": OPENAPI}')
    if server.health_path is not None:
        lines.append(f"health_check_config={health_of(app)}")
    return lines


def local_modules(app: App) -> list[str]:
    """Modules that are pickled with the function, since the image may lack them: those asked for, and that of `setup_function`."""
    stated, prepare = app.setting("local_python_modules"), app.setting("setup_function")
    found = list(stated.value) if stated is not None else []
    own = str(prepare.value).partition(":")[0].partition(".")[0] if prepare is not None else ""
    return [*found, own] if own and own not in found else found


def health_of(app: App) -> str:
    server = app.server
    assert server is not None
    times = {name: server.health.get(name) for name in ("start_period_seconds", "timeout_seconds", "failure_threshold")}
    inner = ", ".join(f"{name}={source_of(value)}" for name, value in times.items())
    return f'ApplicationHealthCheckConfig(path={string(server.health_path or "/")}, {inner}, call_regularly=None, method="GET")'


__all__ = ["arguments", "comment", "emit", "image_of"]
