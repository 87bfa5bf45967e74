"""MIGRATION.md of a server: what was found and why, what is left to do, how to deploy and call it."""

from __future__ import annotations

from collections.abc import Sequence

from converters import rules
from converters.escape import code, prose
from converters.ir import Application, Disposition, Finding, Scope
from converters.ledger import Item, Ledger
from converters.targets.templating import render

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
    app = application.apps[0]
    assert app.server is not None
    items = [item for item in ledger.items() if item.disposition is Disposition.MANUAL]
    return render(
        "MIGRATION-server.md.j2",
        application=application,
        app=app,
        server=app.server,
        findings=[_finding(one) for one in app.server.findings],
        notable=[_row(item) for item in ledger.items() if item.notable and item.disposition is not Disposition.MANUAL],
        code_items=[_row(item) for item in items if item.scope is Scope.CODE],
        deploy_items=[
            _row(item) for item in items if item.scope is Scope.DEPLOY and item.rule not in (rules.ENV004, rules.ENV020, rules.DK030)
        ],
        logins=[_row(item) for item in items if item.rule == rules.DK030],
        secrets=sorted({secret.name for secret in app.secrets}),
        defaults=application.defaults,
        literals=list(literals),
        credentials=[_row(item) for item in ledger.items() if item.rule == rules.FS010],
    )


def _finding(one: Finding) -> tuple[str, str, str, str, str]:
    return (SUBJECTS[one.subject], one.value[:120], one.why, str(one.origin) if one.origin else "", "yes" if one.decided else "")


def _row(item: Item) -> str:
    return f"{code(f'{item.file}:{item.line}')} {prose(item.message)} ({item.rule})"
