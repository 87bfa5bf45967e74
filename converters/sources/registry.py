"""The platforms that there are: every package of this folder with a `platform`."""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from importlib import import_module

from converters import sources
from converters.sources.platform import Platform


def platforms() -> list[Platform]:
    """Every platform, in the order in which they are asked."""
    return list(_within(tuple(sources.__path__)))


@lru_cache
def _within(folders: tuple[str, ...]) -> tuple[Platform, ...]:
    found: list[Platform] = []
    for module in pkgutil.iter_modules(folders):
        if module.ispkg:
            platform = import_module(f"{sources.__name__}.{module.name}").platform
            assert isinstance(platform, Platform) and platform.name == module.name
            found.append(platform)
    return tuple(sorted(found, key=lambda platform: (platform.order, platform.name)))


def find(name: str) -> Platform | None:
    """The platform of a name; None where there is none."""
    return next((platform for platform in platforms() if platform.name == name), None)


def named(name: str) -> Platform:
    """The platform of a name that a document or a model holds."""
    found = find(name)
    if found is None:
        raise LookupError(f"there is no platform {name!r}")
    return found
