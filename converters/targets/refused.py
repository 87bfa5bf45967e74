"""Names of variables that cannot be right are left out and said, with their place, before anything is written."""

from __future__ import annotations

from converters import rules
from converters.concepts.variables import unnamed
from converters.escape import is_variable
from converters.ir import App, Application, Disposition, EnvVar, Origin, Scope
from converters.ledger import Ledger

RULE = rules.ENV012


def refuse(application: Application, ledger: Ledger) -> None:
    """Take out what no system takes as a variable, and what ENV cannot hold."""
    for app in application.apps:
        app.secrets = [one for one in app.secrets if _is_taken(app, one, ledger)]
        app.environment.variables = [one for one in app.environment.variables if _is_taken(app, one, ledger) and _fits(app, one, ledger)]
        arguments = app.environment.build_args
        app.environment.build_args = {name: arguments[name] for name in arguments if _is_taken(app, EnvVar(name=name), ledger)}


def _is_taken(app: App, variable: EnvVar, ledger: Ledger) -> bool:
    if is_variable(variable.name):
        return True
    for item in [*ledger.settled.values(), *ledger.notes]:
        if variable.name in item.message and item.disposition is Disposition.MANUAL:
            item.rule, item.message, item.scope = RULE, unnamed(variable.name), Scope.CODE  # no command holds the name
    ledger.note(RULE, Disposition.MANUAL, unnamed(variable.name), _origin(app, variable))
    return False


def _fits(app: App, variable: EnvVar, ledger: Ledger) -> bool:
    """Whether the value can be written where the variables of a server stand: ENV holds one visible line."""
    if app.server is None or not variable.value or variable.value.isprintable():
        return True
    message = f"the value of {variable.name} has line breaks or control characters, which ENV cannot hold: "
    message += f"set it with `fal secrets set {variable.name}=...`."
    ledger.note(RULE, Disposition.MANUAL, message, _origin(app, variable), scope=Scope.DEPLOY)
    app.secrets.append(EnvVar(name=variable.name, secret=True, origin=variable.origin))
    return False


def _origin(app: App, variable: EnvVar) -> Origin:
    return variable.origin or Origin(file=app.entry, line=1)
