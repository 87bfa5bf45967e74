"""The platforms that there are: every package of this folder with a `platform`."""

from __future__ import annotations

import pkgutil
from collections.abc import Collection
from functools import lru_cache
from importlib import import_module

from converters import plugins, sources
from converters.errors import UsageError
from converters.sources.platform import Platform


def platforms() -> list[Platform]:
    """Every platform, in the order in which they are asked, with those of other packages (`converters/plugins.py`)."""
    return list(_within(tuple(sources.__path__)))


@lru_cache
def _within(folders: tuple[str, ...]) -> tuple[Platform, ...]:
    found: list[Platform] = []
    for module in pkgutil.iter_modules(folders):
        if module.ispkg:
            platform = import_module(f"{sources.__name__}.{module.name}").platform
            assert isinstance(platform, Platform) and platform.name == module.name
            found.append(platform)
    found += [_of_package(name, {platform.name for platform in found}) for name in plugins.found(plugins.PLATFORMS)]
    return tuple(sorted(found, key=lambda platform: (platform.order, platform.name)))


def _of_package(name: str, taken: Collection[str]) -> Platform:
    """A platform of another package. Raises `UsageError` for one that has another name, or that of one of ours."""
    platform = plugins.load(plugins.PLATFORMS, name, Platform)  # type: ignore[type-abstract]
    if platform.name != name or name in taken:
        why = "there is one of this name" if name in taken else f"it is called {platform.name}"
        raise UsageError(f"{plugins.PLATFORMS} {name} cannot be taken: {why}.", hint="Update or uninstall its package.")
    return platform


def find(name: str) -> Platform | None:
    """The platform of a name; None where there is none."""
    return next((platform for platform in platforms() if platform.name == name), None)


def named(name: str) -> Platform:
    """The platform of a name that a document or a model holds."""
    found = find(name)
    if found is None:
        raise LookupError(f"there is no platform {name!r}")
    return found
