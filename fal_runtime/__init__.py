"""Run the apps of a fal project on one machine, with fal's own protocol and the real ``fal`` SDK in each runner.

``run`` serves until a signal comes, ``serve`` for the length of a ``with`` block (for tests), ``execute`` runs a program
whose official ``fal_client`` is redirected here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .main import run
    from .redirect import execute
    from .testing import Local, serve

__all__ = ["Local", "execute", "run", "serve"]

_HOMES = {"run": "main", "execute": "redirect", "serve": "testing", "Local": "testing"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
