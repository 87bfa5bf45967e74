"""Starts one program of the source side: ``python enter.py SETTINGS``, a JSON object with ``argv``, ``view``, ``kind`` and ``package``.

The program is confined to the view, in which the project's files are where its image would hold them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys


def main() -> None:
    settings = json.loads(sys.argv[1])
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
    os.execvp(settings["argv"][0], settings["argv"])


if __name__ == "__main__":
    main()
