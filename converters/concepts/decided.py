"""Decisions that are read off the finished model, where a front end recorded none of its own."""

from __future__ import annotations

from converters.ir import App, Application
from converters.provenance import Certainty, Clue, Decision


def complete(application: Application) -> None:
    """Every app says how its machine and its Python are known."""
    for app in application.apps:
        _machine(app)
        _python(app)


def _machine(app: App) -> None:
    setting = app.setting("machine_type")
    if setting is not None and app.decision("machine") is None:
        app.decide(Decision.stated("machine", setting.value, setting.note or "the project states it", setting.origin))


def _python(app: App) -> None:
    version = app.environment.python_version
    if not version.value or app.decision("python") is not None:
        return
    said = {
        Certainty.STATED: "the project names it",
        Certainty.DERIVED: "it follows from the image",
        Certainty.ASSUMED: "nothing names a version",
    }
    clue = Clue(text=version.note or said[version.certainty], origin=version.origin)
    app.decide(Decision(subject="python", value=version.value, certainty=version.certainty, evidence=(clue,)))
