"""Variables that what runs cannot do without, and nothing sets."""

from __future__ import annotations

from collections.abc import Iterator

from converters import rules
from converters.concepts import variables
from converters.ir import Scope
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.variables import environment


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF010: a required variable that neither the app, nor the image, nor a secret that the app lists gives a value."""
    listed = deployment.program.value("secrets", [])
    given = set(map(str, listed)) if isinstance(listed, list) else set()
    for variable in environment(deployment):
        if (
            variable.need in ("required", "used")
            and not variable.setter
            and variable.name not in given
            and not variables.PLATFORM.match(variable.name)
        ):
            what = "the secret" if variable.is_secret else "the variable"
            why = f" ({variable.why})" if variable.why else ""
            needs = f"the app needs {what} {variable.name}{why}"
            if variable.need == "used":
                needs = f"the code reads {what} {variable.name} without a default and passes on what it gets"
            message = f"{needs}: set it with `fal secrets set {variable.name}=...`."
            yield Finding(variable.file, variable.line, rules.PF010, message, about=variable.name, scope=Scope.DEPLOY)
