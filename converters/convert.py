"""One conversion from folder to outcome: read, model, write in memory. Nothing is executed, written or raised."""

from __future__ import annotations

import platform as host
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from converters import __version__
from converters.errors import MigrateError, Unreadable, Unsupported
from converters.ir import Application, Evidence
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import Converted, Crashed, NotConverted, Outcome
from converters.project import Project, open_project

PLATFORMS = ("runpod",)


@dataclass(frozen=True)
class Platform:
    """A source platform: how to recognise it and how to read it."""

    name: str
    detect: Callable[[Project], list[Evidence]]
    analyze: Callable[[Project, Options, Ledger], Application]


@dataclass(frozen=True)
class Unit:
    """A program that `batch` converts on its own: the folder to open and the entry file in it."""

    root: Path
    entry: str
    platform: str


def platforms() -> list[Platform]:
    """The front ends, in the order in which they are asked: a worker or predictor before the server that a Dockerfile may be."""
    modules = {name: import_module(f"converters.sources.{name}") for name in PLATFORMS}
    return [Platform(name, module.detect, module.analyze) for name, module in modules.items()]


def convert(path: Path, options: Options) -> Outcome:
    """Convert the project at `path`. Never raises: what goes wrong is part of the outcome."""
    root = path if path.is_dir() else path.parent
    platform = ""
    try:
        project = open_project(path)
        root = project.root
        chosen = _detect(project)
        platform = chosen.name
        ledger = Ledger()
        application = chosen.analyze(project, options, ledger)
        from converters.targets.write import write

        files = write(project, application, options, ledger)
        ledger.close()
        return Converted(root, application, ledger, tuple(files), options.name or project.name)
    except (Unsupported, Unreadable) as error:
        status = "unreadable" if isinstance(error, Unreadable) else "unsupported"
        return NotConverted(root, status, error.message, error.hint, error.file, error.line, platform)
    except MigrateError as error:
        return NotConverted(root, "unsupported", error.message, error.hint, error.file, error.line, platform)
    except RecursionError as error:
        return NotConverted(
            root, "unreadable", f"a file is nested too deeply to be read ({error}).", "Simplify it, or leave it out.", platform=platform
        )
    except Exception as error:
        return Crashed(root, f"{type(error).__name__}: {error}", report(error))


def _detect(project: Project) -> Platform:
    for candidate in platforms():
        if candidate.detect(project):
            return candidate
    raise Unsupported(
        "neither RunPod's SDK, nor a cog.yaml, nor a Dockerfile was recognised.", hint="Give the folder that holds the worker."
    )


def report(error: BaseException) -> str:
    """The text of a bug report: versions and the traceback of this program, nothing of the project."""
    lines = traceback.format_exception(error)
    return f"fal-migrate {__version__}\nPython {host.python_version()} on {host.system()}\n\n{''.join(lines)}"


def units(path: Path) -> list[Unit]:
    """Every program below a folder that `convert` can take on its own, in the order of their paths."""
    from converters.sources.runpod.units import survey

    try:
        project = open_project(path)
        found = survey(project, Ledger()) if _detect(project).name == "runpod" else None
    except MigrateError:
        return []
    return [Unit(project.root, unit.entry, "runpod") for unit in found.units] if found else []
