"""MIGRATION.md: what is left to do, in the order in which a person does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from converters import rules
from converters.concepts import storage
from converters.escape import code, prose, visible
from converters.ir import App, Application, Disposition, Scope
from converters.ledger import Item, Ledger
from converters.sources.registry import named
from converters.targets import predictor_methods
from converters.targets.templating import render


def emit(application: Application, ledger: Ledger, literals: Sequence[str] = ()) -> str:
    """The text of MIGRATION.md. `literals`: places of kept files that hold a secret."""
    items, platform = ledger.items(), named(application.platform)
    return render(
        "MIGRATION.md.j2",
        application=application,
        platform=platform.title,
        network_volume=platform.network_volume,
        calls=platform.calls_guide(application.apps, [app.name for app in application.apps if predictor_methods.cancels(app)]),
        apps=[_app(app) for app in application.apps],
        notable=[_row(item) for item in ledger.items() if item.notable and item.disposition is not Disposition.MANUAL],
        code_items=[_row(item) for item in items if item.disposition is Disposition.MANUAL and item.scope is Scope.CODE],
        deploy_items=[
            _row(item)
            for item in items
            if item.disposition is Disposition.MANUAL and item.scope is Scope.DEPLOY and item.rule not in (rules.ENV004, rules.ENV020)
        ],
        secrets=sorted({secret.name for app in application.apps for secret in app.secrets}),
        defaults=application.defaults,
        literals=list(literals),
        credentials=[_row(item) for item in ledger.items() if item.rule == rules.FS010],
    )


def _row(item: Item) -> str:
    return f"{code(f'{item.file}:{item.line}')} {prose(item.message)} ({item.rule})"


def _app(app: App) -> dict[str, Any]:
    served = app.handler or app.predictor
    streams = served is not None and served.kind in ("generator", "async_generator")
    request = _example(app)
    return {
        "app": app,
        "streams": streams,
        "arguments": request,
        "endpoint": app.endpoints[0],
        "settings": [(setting.name, setting.value, str(setting.origin) if setting.origin else setting.note) for setting in app.settings],
        "weights": app.weights,
        "volume": storage.volume_folder(app),
    }


def _example(app: App) -> str:
    """Arguments for the client snippet: an example request of the project, else the required fields."""
    for example in app.examples:
        if isinstance(example.value, dict):
            return visible(json.dumps(_short(example.value), indent=4, ensure_ascii=False), "\n")
    fields = {field.name: _sample(field.annotation) for field in app.endpoints[0].input.fields if field.required}
    return json.dumps(fields, indent=4)


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > 200:
        return value[:60] + "..."
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def _sample(annotation: str) -> Any:
    kind = annotation.split(" | ")[0]
    return {"str": "...", "int": 1, "float": 1.0, "Number": 1, "bool": True}.get(
        kind, [] if kind.startswith("list") else {} if kind.startswith("dict") else "..."
    )
