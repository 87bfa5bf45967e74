"""Starts one program, confined to a view: ``python -I -S start.py`` with a JSON object on standard input.

``argv``, ``view`` and ``kind`` (what `confinement.support` told) say what is started and how; without ``kind`` it is tried here, and
everything that the program has started ends with it. ``environments`` has the program's variables for each kind. They may be another's,
and variables such as LD_PRELOAD make a program load code: so this process, which is not confined yet, must not be started with them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType


def main() -> None:
    settings = json.load(sys.stdin.buffer)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    confinement = _package()
    if sys.platform == "linux":
        confinement.end_with_parent()
    view = confinement.View.from_json(settings["view"])
    kind = settings.get("kind")
    if kind is None:
        kind = confinement.support(view.stage, shares_network=True).kind
        if kind != "namespaces" and sys.platform == "linux":
            confinement.gather()
    confinement.confine(view, kind)
    if kind != "namespaces":
        os.chdir(view.cwd)
    os.execvpe(settings["argv"][0], settings["argv"], settings["environments"][kind])


def _package() -> ModuleType:
    """The package that this file lies in, by its file: nothing else of where it lies can be imported."""
    file = Path(__file__).with_name("__init__.py")
    spec = importlib.util.spec_from_file_location("confinement", file, submodule_search_locations=[str(file.parent)])
    assert spec is not None and spec.loader is not None
    package = sys.modules["confinement"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


if __name__ == "__main__":
    main()
