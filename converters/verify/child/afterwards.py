"""Changes to modules once they have been imported."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .imports import Finder

Patch = Callable[[Any], None]
"""Changes a module."""


def install(patches: Mapping[str, Patch]) -> None:
    """Have each module changed by its patch, at once where it is imported already."""
    for name in patches.keys() & sys.modules.keys():
        patches[name](sys.modules[name])
    sys.meta_path.insert(0, _After({name: patch for name, patch in patches.items() if name not in sys.modules}))


class _After(importlib.abc.MetaPathFinder):
    def __init__(self, patches: dict[str, Patch]) -> None:
        self._patches = patches

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._patches:
            return None
        patch = self._patches.pop(name)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None and not isinstance(spec.loader, Finder):
            load = spec.loader.exec_module

            def loading(module: types.ModuleType) -> None:
                load(module)
                patch(module)

            spec.loader.exec_module = loading  # type: ignore[method-assign]
        return spec
