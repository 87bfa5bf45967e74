"""Which target module writes the app file of which app."""

from __future__ import annotations

from importlib import import_module

from converters.ir import App, Application
from converters.sources.registry import named
from converters.targets.class_names import with_free_name


def app_file(application: Application, app: App) -> str:
    """Text of the app file, by the target that the platform names. The class gets a name of its own."""
    target = import_module(f"converters.targets.{named(application.platform).emitter}")
    return with_free_name(app, target.emit)
