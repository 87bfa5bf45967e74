"""What runs inside the processes that ``migrate verify`` compares: model doubles, no network, no chance, and a record of it all.

The package is loaded under the private name ``_fal_migrate_child`` by ``hook/sitecustomize.py``, so that no name of ours can stand in
the way of a project's module. It imports nothing but the standard library.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from . import (
    afterwards,
    chance,
    claims,
    clients,
    data,
    describe,
    effects,
    files,
    frames,
    handover,
    imports,
    library,
    machine,
    models,
    network,
    platforms,
    programs,
    record,
    trace,
)


def install(settings: dict[str, Any]) -> None:
    """Prepare this process.

    ``log``, ``counter``, ``variables`` and ``serves``: see ``record``; ``own``: top-level names of the project; ``real``: packages that are
    never doubled; ``doubled``: packages to double though they are installed; ``pins``: versions by import name; ``roots``: folders with
    what they stand for; ``libraries``: folders whose code is not the project's; ``entries``: names of files that are run without being
    imported; ``models``: a folder for the model files that are not there; ``coverage``: whether to trace lines; ``pillow``: whether
    doubles may write pictures with it, because both sides have it; ``memory``: bytes that a process may have of its own; ``file``: bytes
    that a file may have; ``failing``: commands that always fail; ``suffixes``: kinds of files that the project looks for.
    """
    if sys.platform == "linux":
        import resource

        for limit, size in ((resource.RLIMIT_DATA, settings["memory"]), (resource.RLIMIT_FSIZE, settings["file"])):
            resource.setrlimit(limit, (size, size))
    record.start(settings["log"], settings["counter"], settings["variables"], serves=settings["serves"])
    for folder in settings["libraries"]:
        frames.also_library(folder)
    files.pillow, files.suffixes = settings["pillow"], tuple(settings["suffixes"])
    describe.roots[:] = [(root.rstrip("/"), label) for root, label in (*settings["roots"], (settings["models"], "<model>"))]
    chance.install()
    data.install()
    library.install()
    handover.install(os.path.dirname(settings["log"]))
    machine.install(settings["own"])
    claims.install(settings["entries"])
    if settings["coverage"]:
        trace.install(settings["own"])
    imports.install([*settings["own"], *settings["real"]], settings["doubled"], settings["pins"])
    network.install(companions=not settings["serves"])
    afterwards.install({**clients.PATCHES, **platforms.PATCHES})
    models.install(settings["models"])
    programs.install(shells=not settings["serves"], failing=settings["failing"])
    effects.install(temporary=not settings["serves"])  # a server and its proxy may each keep their own
