"""What was found out about the chosen server, before it becomes the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from converters.ir import Edit, NewFile
from converters.sources.docker import (
    proxies,
)
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.kubernetes import Workload
from converters.sources.docker.port import Decision
from converters.sources.docker.routes import Routes


@dataclass
class Reading:
    """Everything that was found out about the chosen server, before it becomes the model."""

    candidate: Candidate
    decision: Decision
    routes: Routes
    front: proxies.Front | None
    workload: Workload | None
    command: list[str]
    changed: bool = False
    """The command differs from what the image starts by itself."""
    beside: list[str] = field(default_factory=list)
    """Services that run in the same container."""
    files: list[NewFile] = field(default_factory=list)
    """What the server needs beside the project's own files."""
    edits: list[Edit] = field(default_factory=list)
    """Changes of the project's start scripts."""
