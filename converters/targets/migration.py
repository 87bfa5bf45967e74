"""MIGRATION.md: the plan that a person follows from top to bottom, from what is left to do to the old endpoint's end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from converters import rules
from converters.concepts import storage
from converters.escape import code, prose, shell
from converters.fal import client
from converters.fal import settings as catalogue
from converters.ir import App, Application, Disposition, Finding, Scope, Server
from converters.ledger import Item, Ledger
from converters.sources.platform import Platform
from converters.sources.registry import named
from converters.targets import examples, predictor_methods
from converters.targets.overrides import form_of
from converters.targets.templating import render

OWN_SECTION = (rules.ENV004, rules.ENV020, rules.DK030)
"""Rules whose items the section about secrets tells."""
SUBJECTS = {
    "port": "port",
    "command": "start command",
    "health": "health check",
    "openapi": "OpenAPI document",
    "bind": "bind address",
    "concurrency": "requests at a time",
    "shutdown": "time to stop",
    "gpu": "GPU",
}


def emit(application: Application, ledger: Ledger, literals: Sequence[str] = ()) -> str:
    """The text of MIGRATION.md. `literals`: places of kept files that hold a secret."""
    items, platform, apps = ledger.items(), named(application.platform), application.apps
    open_items = [item for item in items if item.is_open]
    server = next((app.server for app in apps if app.server is not None), None)
    stopping = [app.name for app in apps if predictor_methods.cancels(app)]
    text = render(
        "MIGRATION.md.j2",
        fal=client.VERSION,
        platform=platform.title,
        network_volume=platform.network_volume,
        folders=sorted({storage.volume_folder(app).removeprefix("/data/") for app in apps}),
        called_by=_called_by(platform, server),
        calls=platform.calls_guide(apps, stopping) if server is None else "",
        cancel=_cancel(apps, stopping),
        server=server,
        proxy=any(app.target == "app" for app in apps),
        apps=[_app(app, application) for app in apps],
        notable=[_row(item) for item in items if item.notable and item.disposition is not Disposition.MANUAL],
        suppressed=[f"{_row(item)}, since: {prose(item.suppressed)}" for item in items if item.suppressed],
        code_items=[_row(item) for item in open_items if item.scope is Scope.CODE],
        deploy_items=[_row(item) for item in open_items if item.scope is Scope.DEPLOY and item.rule not in OWN_SECTION],
        logins=[_row(item) for item in open_items if item.rule == rules.DK030],
        secrets=sorted({secret.name for app in apps for secret in app.secrets}),
        registries=server.registries if server is not None else [],
        data=platform.network_volume or any(app.weights for app in apps),
        uploads=[app.name for app in apps if _answers_with_files(app)],
        placeholders=any(app.server is None and examples.of_project(app) is None for app in apps),
        variables=application.variables,
        defaults=application.defaults,
        findings=[_finding(finding) for finding in (server.findings if server is not None else ())],
        literals=list(literals),
        credentials=[_row(item) for item in items if item.rule == rules.FS010],
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _called_by(platform: Platform, server: Server | None) -> str:
    """What `migrate callers --map` takes for what was converted, in words; '' where nobody calls it by an API of the platform's."""
    if server is not None:
        return "the address that they have now, `http://HOST:PORT`"
    return platform.caller.identified_by if platform.caller is not None else ""


def _row(item: Item) -> str:
    return f"{code(f'{item.file}:{item.line}')} {prose(item.message)} ({item.rule})"


def _app(app: App, application: Application) -> dict[str, Any]:
    served = app.handler or app.predictor
    streams = served is not None and served.kind in ("generator", "async_generator")
    python, assumed = _python(app), app.decision("python")
    least = app.setting("min_concurrency")
    keep_alive = app.setting("keep_alive")
    return {
        "app": app,
        "streams": streams,
        "arguments": examples.arguments(app) if app.server is None else "",
        "smoke": _smoke(app, streams=streams),
        "python": python,
        "assumed": assumed.why if assumed is not None and assumed.is_assumed and python else "",
        "deployment": client.deployment(app.name, python),
        "local": f"http://127.0.0.1:8080/local/{app.name}",
        "keep_alive": keep_alive.value if keep_alive is not None else catalogue.defaults(form_of(app))["keep_alive"],
        "least": least.value if least is not None else 0,
        "idle": next((theirs for _, theirs, ours in application.defaults if ours.startswith("keep_alive ")), ""),
        "settings": [(setting.name, setting.value, str(setting.origin) if setting.origin else setting.note) for setting in app.settings],
        "volume": storage.volume_folder(app),
    }


def _python(app: App) -> str:
    """The Python that pickles the app where it is deployed; '' where an image alone is, or its Python is not known."""
    return "" if app.target == "pyproject" else app.environment.python_version.value


def _smoke(app: App, *, streams: bool) -> list[str]:
    """The lines of a `curl` command that asks the deployed app once."""
    server = app.server
    if server is not None and app.target != "app":
        path = server.health_path or "/"
        return [f'curl -sS --fail-with-body -H "Authorization: Key $FAL_KEY" {shell(f"https://fal.run/OWNER/{app.name}{path}")}']
    path = "/stream" if streams else app.endpoints[0].path.rstrip("/") if app.endpoints else ""
    return [
        f"curl -sS {'-N ' if streams else ''}--fail-with-body {shell(f'https://fal.run/OWNER/{app.name}{path}')} \\",
        '  -H "Authorization: Key $FAL_KEY" -H "Content-Type: application/json" \\',
        f"  -d {shell(examples.body(app))}",
    ]


def _cancel(apps: Sequence[App], stopping: Sequence[str]) -> str:
    """What becomes of a request that its caller takes back."""
    if any(app.server is not None for app in apps):
        return (
            "A request that its caller cancels while it runs goes on to its end, and is billed, unless the server has a route that ends "
            "it: fal posts to the request's path with `/cancel` behind it."
        )
    going_on = [app.name for app in apps if app.name not in stopping]
    if not going_on:
        return "A request that its caller cancels is taken back while it waits, and stopped while it runs."
    which = "" if len(going_on) == len(apps) else f" of {', '.join(going_on)}"
    return (
        f"A request{which} that its caller cancels is taken back while it waits; once it runs it goes on to its end, and is billed, "
        "since the app has no endpoint `/cancel`."
    )


def _answers_with_files(app: App) -> bool:
    outputs = [endpoint.output for endpoint in app.endpoints]
    nested = [field for output in outputs for model in output.models for field in model.fields]
    return any(field.media is not None for field in (*(field for output in outputs for field in output.fields), *nested))


def _finding(finding: Finding) -> tuple[str, str, str, str, str]:
    where = str(finding.origin) if finding.origin else ""
    return (SUBJECTS[finding.subject], finding.value[:120], finding.why, where, "yes" if finding.decided else "")
