"""What `setup()` of a worker's app does before anything is loaded: what RunPod, or the image, did before the worker started."""

from __future__ import annotations

import os.path
from pathlib import PurePosixPath

from converters.concepts import storage
from converters.concepts.literals import source_of, string
from converters.ir import App
from converters.targets import app as app_parts


def lines(app: App, *, modules: bool = True) -> list[str]:
    """Working directory, search path (where the app imports ``modules`` of the project), environment, start command, arguments."""
    lines: list[str] = []
    if app.chdir:
        lines.append(f"os.chdir({string(app.chdir)})  # the worker's working directory")
    if modules:
        lines += app_parts.search_path(app)
    lines += [app_parts.environment_line(variable) for variable in app.environment.variables if variable.value is not None]
    if app.asks_for_volume:
        lines.append(f"os.makedirs({string(storage.volume_folder(app))}, exist_ok=True)  # the worker found its network volume mounted")
    if app.start_command:
        lines.append(f"subprocess.run({source_of(_command(app))}, check=True)  # what the worker's start command does before")
    if app.handler is not None and app.handler.uses_arguments:
        script = PurePosixPath(app.handler.file).name
        lines.append(f"sys.argv = {source_of([script, *app.environment.argv])}  # as the worker was started")
    return lines


def _command(app: App) -> list[str]:
    """The start command; a script of the project is found from the working directory on the runner."""
    first, path, *rest = app.start_command
    if app.environment.kind == "image" or path.startswith("-"):
        return app.start_command
    folder = os.path.normpath(f"{PurePosixPath(app.app_file).parent}/{app.chdir}")
    return [first, os.path.relpath(path, folder), *rest]
