"""Which target module writes the app file of which app."""

from __future__ import annotations

from converters.ir import App, Application


def app_file(application: Application, app: App) -> str | None:
    """Text of the app file; None for an app that pyproject.toml alone describes."""
    if application.platform == "runpod":
        from converters.targets import worker

        if app.style == "inline":
            from converters.targets import inline

            return inline.emit(app)
        return worker.emit(app)
    if application.platform == "replicate":
        from converters.targets import predictor

        return predictor.emit(app)
    return None
