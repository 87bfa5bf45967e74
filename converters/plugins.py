"""What other packages add to this program: objects that their entry points name (https://packaging.python.org/specifications/entry-points/).

Only packages that are installed beside this one count, never the project that is converted.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from converters.errors import UsageError

RULES = "fal_migrate.rules"
"""Code of a rule -> an `OwnRule` (`converters/rules/own.py`)."""
PLATFORMS = "fal_migrate.platforms"
"""Name of a platform -> a `Platform` (`converters/sources/platform.py`)."""
T = TypeVar("T")


@cache
def found(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group, by name and in its order; nothing is imported. Raises `UsageError` where two packages have one name."""
    points: dict[str, EntryPoint] = {}
    for point in _installed().select(group=group):
        other = points.setdefault(point.name, point)
        if other.value != point.value:
            hint = "Uninstall one of them."
            raise UsageError(f"{group} {point.name} is in two packages: {package(other)} and {package(point)}.", hint=hint)
    return dict(sorted(points.items()))


@cache
def _installed() -> Any:
    """What all packages name, by `select`: every one is looked at for it, which is done once."""
    return entry_points()


def load(group: str, name: str, kind: type[T]) -> T:
    """The object of an entry point. Raises `UsageError`, with its package, where it cannot be imported or is something else."""
    point = found(group)[name]
    what = f"{group} {name} of {package(point)}"
    try:
        loaded = point.load()
    except Exception as error:
        hint = "Update or uninstall the package."
        raise UsageError(f"{what} cannot be imported: {type(error).__name__}: {error}.", hint=hint) from error
    if not isinstance(loaded, kind):
        raise UsageError(f"{what} is no {kind.__name__}.", hint="Its package must name one.")
    return loaded


def package(point: EntryPoint) -> str:
    """The distribution that an entry point belongs to."""
    return point.dist.name if point.dist is not None else point.value
