"""Programs and packages beside our own that commands use where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from converters.sources.registry import platforms

SECONDS = 10.0
"""Time that a program has to tell its release."""


@dataclass(frozen=True)
class Tool:
    """`name` of a program (of a distribution, where `package`), what it `enables`, and how it is installed."""

    name: str
    enables: str
    install: str
    package: bool = False
    arguments: tuple[str, ...] = ("--version",)


@dataclass(frozen=True)
class Found:
    """A tool and its release; '' where it is not there."""

    tool: Tool
    release: str

    @property
    def is_installed(self) -> bool:
        return bool(self.release)


TOOLS = (
    Tool("fal", "`migrate run`, `migrate verify`, pins that fal replaces as they are today", "pip install 'fal-migrate[run]'", True),
    Tool("fal-client", "`migrate exec`, rewritten callers against `migrate run`", "pip install 'fal-migrate[run]'", True),
    Tool("hypothesis", "requests that `migrate verify` draws", "pip install 'fal-migrate[verify]'", True),
    Tool("distributed", "`migrate batch --dask`", "pip install 'fal-migrate[dask]'", True),
    Tool("mcp", "`migrate mcp`", "pip install 'fal-migrate[mcp]'", True),
    Tool("git", "`--in-place`, `--commit`, `migrate batch --only-changed`", "https://git-scm.com/downloads"),
    Tool("uv", "`--resolve`, sources under the release of an SDK that they ask for", "pip install uv"),
    Tool("buildah", "`migrate rehearse`", "https://github.com/containers/buildah/blob/main/install.md"),
    Tool("podman", "`--engine podman` of `migrate rehearse`", "https://podman.io/docs/installation"),
    Tool("debootstrap", "base images that `migrate rehearse` makes", "https://wiki.debian.org/Debootstrap"),
    Tool("node", "JavaScript clients under `migrate exec`", "https://nodejs.org"),
)


def of_platforms() -> Iterator[Tool]:
    """The packages under which the platforms' programs run."""
    for platform in platforms():
        if platform.sdk is not None:
            yield Tool(platform.sdk.package, f"`migrate verify` of programs of {platform.title}", "pip install 'fal-migrate[verify]'", True)


def tools() -> Iterator[Found]:
    """The tools with what is installed of them."""
    for tool in (*TOOLS, *of_platforms()):
        yield Found(tool, _package(tool.name) if tool.package else _program(tool) or _package(tool.name))


def _package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _program(tool: Tool) -> str:
    """The first line that a program says of its release; 'unknown' where it says none."""
    path = shutil.which(tool.name)
    if path is None:
        return ""
    try:
        said = subprocess.run([path, *tool.arguments], capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return next((line.strip() for line in said.stdout.splitlines() if line.strip()), "unknown")
