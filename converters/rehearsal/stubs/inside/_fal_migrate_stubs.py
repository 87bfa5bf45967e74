"""Makes the modules of stub distributions doubles. Runs in the image's own Python, 3.9 or later; imports only the standard library.

The doubles of verification lie beside this file as the package ``_fal_migrate_doubles``.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

_DOUBLES = "_fal_migrate_doubles"
_MAIN = "_rehearsed_main"
_HERE = os.path.dirname(os.path.abspath(__file__))


def _doubles(name: str) -> Any:
    """A module of the doubles."""
    if _DOUBLES not in sys.modules:
        package = types.ModuleType(_DOUBLES)
        package.__path__ = [os.path.join(_HERE, _DOUBLES)]
        sys.modules[_DOUBLES] = package
    return importlib.import_module(f"{_DOUBLES}.{name}")


_imports = _doubles("imports")
_tops: set[str] = set()
"""Names of modules that are stubs, also dotted ones where several distributions share the first part."""


class _Stub(_imports.Module):  # type: ignore[misc, name-defined]
    """A module that has every name, and the program that its distribution declares."""

    def __getattr__(self, name: str) -> Any:
        return _main if name == _MAIN else super().__getattr__(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds the submodules of stubs."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        parts = name.split(".")
        if not any(".".join(parts[:size]) in _tops for size in range(1, len(parts))):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=parts[-1] != "__main__")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module: types.ModuleType = _Stub(spec.name)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""

    def is_package(self, fullname: str) -> bool:
        return not fullname.endswith(".__main__")

    def get_source(self, fullname: str) -> str:
        """What ``python -m`` runs."""
        return f"import sys; sys.modules[{__name__!r}].run({fullname!r})"


def stand_in(name: str, version: str) -> None:
    """Put a double in the place of the module ``name``, which is being imported from a stub of that version."""
    made = _Stub(name)
    original = sys.modules[name]
    for attribute in ("__file__", "__path__", "__spec__", "__loader__", "__package__", "__doc__"):
        if hasattr(original, attribute):
            setattr(made, attribute, getattr(original, attribute))
    _imports.versions.setdefault(name.partition(".")[0], version)
    if name not in _tops and not _tops:
        sys.meta_path.append(_Finder())
    _tops.add(name)
    sys.modules[name] = made


def run(name: str) -> None:
    """Stand in for ``python -m name``."""
    print("python -m", name.replace(".__main__", ""), *sys.argv[1:], "(a rehearsal does not run it)")


def _main() -> int:
    """Stand in for a program of a stub."""
    print(os.path.basename(sys.argv[0]), *sys.argv[1:], "(a rehearsal does not run it)")
    return 0


def _tell_of_the_machine() -> None:
    """While an image is built there is no GPU; an app has those that FAL_MIGRATE_GPUS counts."""
    count = os.environ.get("FAL_MIGRATE_GPUS", "0")
    calls = _doubles("answers").CALLS
    calls["cuda.device_count"] = int(count) if count.isdecimal() else 0
    calls["cuda.is_available"] = calls["cuda.is_bf16_supported"] = calls["cuda.device_count"] > 0


_tell_of_the_machine()
