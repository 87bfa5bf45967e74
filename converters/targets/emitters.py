"""Which target module writes the app file of which app."""

from __future__ import annotations

from importlib import import_module

from converters.compiled import DoesNotCompile
from converters.ir import App, Application
from converters.sources.registry import named
from converters.targets.class_names import with_free_name


def app_file(application: Application, app: App) -> str:
    """Text of the app file, by the target that the platform names. The class gets a name of its own.

    Raises `DoesNotCompile` where the statements of a program become no Python in their new places.
    """
    target = import_module(f"converters.targets.{named(application.platform).emitter}")
    if app.style != "native":
        return with_free_name(app, target.emit)
    import libcst as cst

    try:
        return with_free_name(app, target.emit)
    except (SyntaxError, cst.ParserSyntaxError, cst.CSTValidationError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error).partition("\n")[0]
        raise DoesNotCompile(f"{app.app_file} was made so that Python refuses it: {reason}") from error
