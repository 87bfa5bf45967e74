"""Prepares every Python process that is started with this folder on PYTHONPATH and FAL_MIGRATE_CHILD in its environment."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback


def _load() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.environ["FAL_MIGRATE_CHILD"], encoding="utf-8") as file:
        settings = json.load(file)
    folder = os.path.dirname(here)
    spec = importlib.util.spec_from_file_location(
        "_fal_migrate_child", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["_fal_migrate_child"] = package
    spec.loader.exec_module(package)
    package.install(settings)


def _run_the_environment_s_own() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    places = [os.path.abspath(entry or ".") for entry in sys.path]
    others = sys.path[places.index(here) + 1 if here in places else 0 :]  # what comes after: another such folder does the same
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    if os.environ.get("FAL_MIGRATE_CHILD"):
        try:
            _load()
        except Exception:  # Python would only say so, and run the project without any of it
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    _run_the_environment_s_own()
