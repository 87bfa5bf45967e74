"""Starts one program of the source side, confined to a view in which the project's files are where its image would hold them.

Standard input is a JSON object: ``argv``, ``environment``, ``view``, ``kind`` and ``package``. The environment is the project's, and
variables such as LD_PRELOAD make a program load code: so this process, which is not confined yet, must not be started with it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys


def main() -> None:
    settings = json.load(sys.stdin.buffer)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    package = settings["package"]
    spec = importlib.util.spec_from_file_location("confinement", package, submodule_search_locations=[os.path.dirname(package)])
    assert spec is not None and spec.loader is not None
    confinement = sys.modules["confinement"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(confinement)
    if sys.platform == "linux":
        confinement.end_with_parent()
    view = confinement.View.from_json(settings["view"])
    confinement.confine(view, settings["kind"])
    if settings["kind"] != "namespaces":
        os.chdir(view.cwd)
    os.execvpe(settings["argv"][0], settings["argv"], settings["environment"])


if __name__ == "__main__":
    main()
