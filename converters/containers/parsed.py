"""The Dockerfiles of a project, each parsed once and carried with the project, however many parts of a conversion ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from converters.containers import dockerfile
from converters.containers.dockerfile_model import Dockerfile
from converters.project import Project


def parsed(project: Project, data: bytes, build_args: Mapping[str, str] = MappingProxyType({})) -> Dockerfile:
    """A Dockerfile of the project, or of what it becomes, under these build arguments. Raises nothing, as `dockerfile.parse`."""
    known = project.readings
    listing_key, build_key = ("listing", data), ("build", data, tuple(sorted(build_args.items())))
    if build_key not in known:
        if listing_key not in known:
            known[listing_key] = dockerfile.listed(data)
        known[build_key] = dockerfile.build(known[listing_key], build_args)
    found: Dockerfile = known[build_key]
    return found
