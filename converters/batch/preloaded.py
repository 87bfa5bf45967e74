"""Imports what conversions import: once, in the process that all workers are forked from, not in each of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

_PACKAGES = ("containers", "credentials", "preflight", "python", "rules", "sources", "targets")
"""Packages of ours of which a conversion uses most."""
_LIBRARIES = (
    "dockerfile_parse",
    "jinja2.environment",
    "libcst.metadata",
    "libcst.native",
    "packaging.requirements",
    "pathspec",
    "tomlkit",
    "yaml",
)
"""What they import when they first need it."""
_OTHER = ("runner",)
"""Modules of a platform that only verification uses."""


def modules() -> Iterator[str]:
    """The names of the modules."""
    yield from ("typer", "converters.commands.convert", "converters.commands.verify", "converters.convert", *_LIBRARIES)
    for package in _PACKAGES:
        path = importlib.import_module(f"converters.{package}").__path__
        found = pkgutil.walk_packages(path, f"converters.{package}.")
        yield from (module.name for module in found if module.name.rpartition(".")[2] not in _OTHER)


for _name in modules():
    importlib.import_module(_name)
