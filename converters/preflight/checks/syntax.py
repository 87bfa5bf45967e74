"""Every Python file that runs is Python of the app's own version."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from converters import rules
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.python.newer import is_newer


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF001: a module that runs is no Python, or no Python of the version that it runs on."""
    version = deployment.python
    parts = version.split(".")
    known = len(parts) > 1 and parts[0] == "3" and parts[1].isdecimal()
    for path, error in deployment.running.unparsed.items():
        if not (known and is_newer(deployment.project.files[path].text, (int(parts[0]), int(parts[1])))):
            yield Finding(path, error.line or 1, rules.PF001, f"{path} {error.message} {error.hint}", about=path)
    if not known:
        return
    for unit in deployment.running.units.values():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(unit.module.text, feature_version=(int(parts[0]), int(parts[1])))
        except SyntaxError as error:
            message = f"is not valid Python {version}, which the app runs on: {error.msg}. Change it, or take a newer Python."
            yield Finding(unit.path, error.lineno or 1, rules.PF001, f"{unit.path} {message}", about=unit.path)
