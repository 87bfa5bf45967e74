"""Packages that are not installed, or that would reach out, as modules whose values are doubles."""

from __future__ import annotations

import builtins
import dataclasses
import email.message
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import frames, record
from .bytecode import unbound
from .expression import Double, attribute, called
from .statement import Import

REMOTE = frozenset({"boto3", "botocore", "openai", "anthropic", "huggingface_hub", "google", "supabase", "azure", "minio"})
"""Clients of services elsewhere, which the project's own code gets as doubles even where they are installed."""
_OPTIONAL = frozenset({"sitecustomize", "usercustomize"})


class Module(types.ModuleType):
    """A module that has every name."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return unbound(frames.importer())
        if name == "__version__":
            return Version(versions.get(self.__name__.partition(".")[0], "2.4.0"))
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return attribute(self.__name__, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return called(self.__name__, args, kwargs)


class Version(str):
    """A version that can be compared with numbers too, as PyTorch's can."""

    def _pair(self, other: object) -> tuple[Any, Any]:
        if isinstance(other, tuple):
            return tuple(int(part) for part in re.findall(r"\d+", self.partition("+")[0])), other
        return str(self), other

    def __lt__(self, other: Any) -> bool:
        mine, others = self._pair(other)
        return bool(mine < others)

    def __le__(self, other: Any) -> bool:
        mine, others = self._pair(other)
        return bool(mine <= others)

    def __gt__(self, other: Any) -> bool:
        mine, others = self._pair(other)
        return bool(mine > others)

    def __ge__(self, other: Any) -> bool:
        mine, others = self._pair(other)
        return bool(mine >= others)


substitutes: dict[str, types.ModuleType] = {}
"""Modules of the standard library that the project gets another edition of."""
versions: dict[str, str] = {}
"""Versions that the project pins, by import name."""


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers the project's imports: of the packages in ``only``, else of everything that nothing else finds."""

    def __init__(self, own: Iterable[str] = (), only: Iterable[str] | None = None) -> None:
        self._own = _OPTIONAL.union(own)
        self._only = None if only is None else frozenset(only)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        top = name.partition(".")[0]
        if self._only is not None and top not in self._only and name not in self._only:
            return None
        if self._only is None and (top in self._own or top in sys.stdlib_module_names):
            return None
        frame = frames.importer()
        if frame is None or not frames.is_project_code(frame):
            return None  # a library, or native code, copes with what is missing by itself
        if self._only is None and "." in name and not _is_open(sys.modules.get(name.rpartition(".")[0])):
            return None  # a submodule that an installed package has not
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        record.write("import", module.__name__)


def install(own: Iterable[str], doubled: Iterable[str], pins: Mapping[str, str]) -> None:
    """``own``: top-level names of the project, which are never doubled; ``doubled``: packages that are, though installed."""
    versions.update(pins)
    chosen = REMOTE.union(doubled).difference(own)
    for name in [name for name in sys.modules if name.partition(".")[0] in doubled]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder(only=chosen))
    sys.meta_path.append(Finder(own))
    _answer_loaded(chosen)
    _answer_names()
    _answer_versions()
    _answer_types()


def _answer_loaded(chosen: frozenset[str]) -> None:
    """What the project imports under a name that is loaded already: a double of a remote client, or a substitute."""
    original = builtins.__import__
    made: dict[str, types.ModuleType] = {}

    def importing(*args: Any, **options: Any) -> types.ModuleType:
        asked = Import(*args, **options)
        if asked.level == 0 and (asked.top in substitutes or _is_loaded(asked.top, chosen)) and frames.caller_is_project():
            wanted = asked.name if asked.fromlist else asked.top
            return substitutes.get(asked.top) or made.setdefault(wanted, Module(wanted))
        return original(*asked)

    builtins.__import__ = importing


def _answer_names() -> None:
    """``importlib.import_module`` of a name that a double gives, such as the target in a model's configuration."""
    original = importlib.import_module

    def import_module(name: str, package: str | None = None) -> types.ModuleType:
        return Module(name.text) if isinstance(name, Double) else original(name, package)

    importlib.import_module = import_module


def _is_open(package: types.ModuleType | None) -> bool:
    """Whether a package may have submodules that are not installed: a double, or one that several distributions share."""
    return isinstance(package, Module) or (package is not None and getattr(package, "__file__", None) is None)


def _is_loaded(top: str, chosen: frozenset[str]) -> bool:
    return top in chosen and top in sys.modules and not isinstance(sys.modules[top], Module)


def _answer_versions() -> None:
    original = importlib.metadata.version

    def assumed(distribution_name: str) -> str:
        return versions.get(distribution_name.replace("-", "_"), "2.4.0")

    def version(distribution_name: str) -> str:
        try:
            return original(distribution_name)
        except importlib.metadata.PackageNotFoundError:
            if not frames.caller_is_project():
                raise
            return assumed(distribution_name)

    importlib.metadata.version = version
    described = importlib.metadata.metadata

    def metadata(distribution_name: str) -> Any:
        try:
            return described(distribution_name)
        except importlib.metadata.PackageNotFoundError:
            if not frames.caller_is_project():
                raise
            made = email.message.Message()
            for key, value in (("Name", distribution_name), ("Version", assumed(distribution_name)), ("Summary", distribution_name)):
                made[key] = value
            return made

    importlib.metadata.metadata = metadata


def _answer_types() -> None:
    """Doubles as types: in annotations they are ``Any`` (text would be looked up as a name), and as dataclasses they have one field."""
    convert = typing._type_convert  # type: ignore[attr-defined]

    def converted(arg: Any, *args: Any, **kwargs: Any) -> Any:
        return Any if isinstance(arg, Double) else convert(arg, *args, **kwargs)

    typing._type_convert = converted  # type: ignore[attr-defined]
    original = dataclasses.asdict

    def asdict(obj: Any, **kwargs: Any) -> Any:
        return {"value": obj.text} if isinstance(obj, Double) else original(obj, **kwargs)

    dataclasses.asdict = asdict
