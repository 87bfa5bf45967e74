"""What Python processes below the runtime, or below ``migrate exec``, do at start-up, because this directory is on PYTHONPATH.

With FAL_RUNTIME_URL the official ``fal_client`` talks to a runtime on this machine: it keeps the platform's URLs in five
module globals (fal_client 1.0.3, ``client.py``), which are set when the module has been imported. With FAL_RUNTIME_BIND
("8000:43111") a server that binds the first port binds 127.0.0.1 and the second, so that several servers fit one machine.
Nothing else is touched, and a ``sitecustomize`` that the environment has of its own runs as before.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


class _Redirect(importlib.abc.MetaPathFinder):
    def __init__(self, url: str) -> None:
        self._values = {
            "RUN_URL_FORMAT": f"{url}/",
            "QUEUE_URL_FORMAT": f"{url}/queue/",
            "REALTIME_URL_FORMAT": f"ws{url.removeprefix('http')}/",
            "REST_URL": f"{url}/rest",
            "CDN_URL": f"{url}/cdn",
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "fal_client.client":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._values)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, values: dict[str, str]) -> None:
        self._loader = loader
        self._values = values

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        vars(module).update(self._values)


def redirect_bind(port: int, to: int) -> None:
    """Make this process's Python code that binds ``port`` bind 127.0.0.1:``to``."""
    import socket

    original = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == port and self.family in (socket.AF_INET, socket.AF_INET6):
            address = ("127.0.0.1" if self.family == socket.AF_INET else "::1", to, *address[2:])
        original(self, address)

    socket.socket.bind = bind  # type: ignore[method-assign, assignment]


def _run_the_environment_s_own() -> None:
    here = Path(__file__).resolve().parent
    places = [Path(entry or ".").resolve() for entry in sys.path]
    others = sys.path[places.index(here) + 1 if here in places else 0 :]  # what comes after: another such directory does the same
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    if ":" in os.environ.get("FAL_RUNTIME_BIND", ""):
        redirect_bind(*map(int, os.environ["FAL_RUNTIME_BIND"].split(":")))
    if os.environ.get("FAL_RUNTIME_URL"):
        sys.meta_path.insert(0, _Redirect(os.environ["FAL_RUNTIME_URL"].rstrip("/")))
    _run_the_environment_s_own()
