"""Which target module writes the app file of which app."""

from __future__ import annotations

from converters.ir import App, Application
from converters.targets.class_names import with_free_name


def app_file(application: Application, app: App) -> str | None:
    """Text of the app file; None for an app that pyproject.toml alone describes. The class gets a name of its own."""
    if application.platform == "runpod":
        from converters.targets import worker

        if app.style == "inline":
            from converters.targets import inline

            return with_free_name(app, inline.emit)
        return with_free_name(app, worker.emit)
    if application.platform == "replicate":
        from converters.targets import predictor

        return with_free_name(app, predictor.emit)
    return None
