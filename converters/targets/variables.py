"""The environment of the old endpoint, as MIGRATION.md tells it: what the app reads, what it cannot do without, and who sets it."""

from __future__ import annotations

from collections.abc import Iterable

from converters.concepts import variables
from converters.ir import App, Application, EnvVar, Origin
from converters.preflight import Deployment
from converters.preflight.variables import Variable, environment


def fill(application: Application, deployments: Iterable[Deployment]) -> None:
    """Note the variables of the finished files, and those that must be set among the app's secrets."""
    apps = {app.name: app for app in application.apps}
    rows: dict[str, tuple[str, str, str, str]] = {}
    for deployment in deployments:
        app = apps.get(deployment.program.name)
        for variable in environment(deployment):
            if app is not None and must_be_set(app, variable):
                app.secrets.append(EnvVar(name=variable.name, secret=True, origin=Origin(file=variable.file, line=variable.line)))
            rows[variable.name] = _row(variable, app)
    application.variables = [rows[name] for name in sorted(rows)]


def must_be_set(app: App, variable: Variable) -> bool:
    """Whether an app needs a variable that nothing sets, and that is not among its secrets yet."""
    known = {secret.name for secret in app.secrets}
    return variable.need in ("required", "used") and not variable.setter and variable.name not in known and not is_own(app, variable)


def is_own(app: App, variable: Variable) -> bool:
    """Whether the app sets a variable itself, or only the old platform did."""
    return variable.name in {one.name for one in app.environment.variables} or variables.PLATFORM.match(variable.name) is not None


NEEDS = {"required": "required", "used": "used without a default", "unknown": "not known", "optional": "optional"}
UNSET = {
    "optional": "nothing: the code does without",
    "unknown": "nothing: look whether the code does without, and set what the old endpoint set",
}


def _row(variable: Variable, app: App | None) -> tuple[str, str, str, str]:
    secret = variable.is_secret or any(one.name == variable.name for one in (app.secrets if app else ()))
    setter = "fal secrets set" if secret and not variable.setter else variable.setter or UNSET.get(variable.need, "fal secrets set")
    if variables.PLATFORM.match(variable.name) and not variable.setter:
        setter = "nothing: RunPod's own"
    return variable.name, f"{NEEDS[variable.need]}{', secret' if variable.is_secret else ''}", setter, f"{variable.file}:{variable.line}"
