"""A path that answers GET with 200 once the server is ready: stated health checks, known programs, routes in the code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters.containers.compose import Service
from converters.containers.dockerfile_model import Stage
from converters.containers.instruction_options import seconds
from converters.containers.yaml_lines import Map, Seq
from converters.ir import Finding, Origin
from converters.provenance import Certainty
from converters.sources.docker.handlers import javascript
from converters.sources.docker.routes import Route, Routes, each_plain, redirects
from converters.sources.docker.serving import Listener

URL = re.compile(r"https?://[^\s\"'/;|&)]+(?::(\d+|\$\{?\w+[^}\s/]*\}?))?(/[^\s\"'|;&)]*)?")
NAMES = (
    "/health",
    "/healthz",
    "/healthcheck",
    "/health-check",
    "/health/",
    "/ping",
    "/ready",
    "/readyz",
    "/readiness",
    "/livez",
    "/live",
    "/status",
    "/up",
    "/alive",
    "/_health",
    "/health/ready",
    "/health/live",
)
CHANGES = re.compile(
    r"(?i)(^|[/_-])(delete|remove|clear|reset|purge|flush|drop|shutdown|stop|kill|restart|reboot|reload|logout|train|retrain|start|run|init|update|create)"
    r"([/_-]|$)"
)
"""Names of routes that do something each time, so that fal's probes must not call them."""


def stated(stage: Stage | None, service: Service | None, file: str) -> Iterator[tuple[str, int | None, Finding]]:
    """(path, port, evidence) of each HEALTHCHECK that asks a URL."""
    if service is not None:
        yield from _compose(service)
    if stage is not None and stage.healthcheck is not None and stage.healthcheck.command is not None:
        text = " ".join(stage.healthcheck.command.words)
        env = {name: value.value for name, value in stage.env.items()}
        yield from _urls(text, env, Origin(file=file, line=stage.healthcheck.line), "HEALTHCHECK")


def _compose(service: Service) -> Iterator[tuple[str, int | None, Finding]]:
    check = service.keys.get("healthcheck")
    test = check.get("test") if isinstance(check, Map) else None
    if test is None or not isinstance(check, Map) or check.get("disable") is True:
        return
    text = " ".join(str(part) for part in test) if isinstance(test, Seq) else str(test)
    env = {name: value for name, (value, _) in service.environment.items() if value}
    line, end = check.lines.get("test", (service.line("healthcheck"), 0))
    yield from _urls(text, env, Origin(file=service.file.path, line=line, end_line=end), f"healthcheck of service {service.name}")


def _urls(text: str, env: dict[str, str], origin: Origin, what: str) -> Iterator[tuple[str, int | None, Finding]]:
    text = re.sub(r"\$\$", "$", text)
    text = re.sub(r"\$\{?(\w+)(?::?-([^}]*))?\}?", lambda match: env.get(match.group(1), match.group(2) or match.group()), text)
    for match in URL.finditer(text):
        path = match.group(2) or "/"
        port = int(match.group(1)) if match.group(1) and match.group(1).isdecimal() else None
        yield path, port, Finding(subject="health", value=path, why=f"{what} asks {match.group()}", origin=origin)


def from_listener(listener: Listener, routes: Routes) -> Iterator[tuple[str, Finding]]:
    """Paths by the program's own documentation, then by the routes in the code: health routes, the root, the docs, any plain GET."""
    origin = listener.process.origin
    plain = list(each_plain(routes))
    named = [route for name in NAMES for route in plain if route.path.rstrip("/") == name.rstrip("/")]
    nested = [route for route in plain if route.path.rstrip("/").rsplit("/", 1)[-1] in {name.strip("/") for name in NAMES}]
    for route in [*named, *nested]:
        yield route.path, _of_route(route, "a health route")
    if listener.program is not None and listener.program.health:
        yield (
            listener.program.health,
            derived(listener.program.health, f"{listener.program.name} answers it", origin),
        )
    for route in plain:
        if route.path == "/" and not redirects(route):
            yield "/", _of_route(route, "the root answers GET")
    if routes.docs_path and routes.root is not None:
        place = routes.root.module.origin(routes.root.call)
        yield (
            routes.docs_path,
            derived(routes.docs_path, "FastAPI serves its documentation there", place),
        )
    for route in plain:
        if not redirects(route) and not CHANGES.search(route.path):
            yield route.path, _of_route(route, "a GET route without parameters")
    for method, path, file, line in javascript(listener.scripts):
        if method == "get" and not re.search(r"[:{*]", path) and not CHANGES.search(path):
            yield path, derived(path, "a GET route without parameters", Origin(file=file, line=line))
    if listener.framework in ("gradio", "dash", "nicegui", "streamlit"):
        yield "/", derived("/", f"{listener.framework} answers GET /", origin)


def _of_route(route: Route, why: str) -> Finding:
    return derived(route.path, f"{why}: `{' '.join(route.path.split()) or '/'}`", route.module.origin(route.decorator))


def derived(path: str, why: str, origin: Origin) -> Finding:
    """A path that the code or a program answers, though nothing says that it tells the server's health."""
    return Finding(subject="health", value=path, why=why, origin=origin, certainty=Certainty.DERIVED)


def times(stage: Stage | None, service: Service | None) -> dict[str, int]:
    """What a stated health check says about its times, under fal's names. Seconds; `retries` counts failures."""
    found: dict[str, int] = {}
    if stage is not None and stage.healthcheck is not None and stage.healthcheck.command is not None:
        check = stage.healthcheck
        for name, value in (
            ("start_period_seconds", check.start_period),
            ("timeout_seconds", check.timeout),
            ("failure_threshold", check.retries),
        ):
            if value:
                found[name] = max(1, round(value))
    keys = service.keys.get("healthcheck") if service else None
    if isinstance(keys, Map):
        for name, key in (("start_period_seconds", "start_period"), ("timeout_seconds", "timeout")):
            if (length := seconds(str(keys.get(key, "")))) is not None and length > 0:
                found[name] = max(1, round(length))
        if isinstance(keys.get("retries"), int):
            found["failure_threshold"] = max(1, int(keys["retries"]))
    return found
