"""The Docker source: Dockerfiles, compose files and the servers that they start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.ir import Application, Evidence
    from converters.ledger import Ledger
    from converters.options import Options
    from converters.project import Project

__all__ = ["analyze", "detect"]


def detect(project: Project) -> list[Evidence]:
    """Dockerfiles and compose files of the project."""
    from converters.sources.docker.reading import detect as found

    return found(project)


def analyze(project: Project, options: Options, ledger: Ledger) -> Application:
    """Read the server of a Docker project. Raises `Unsupported` and `Unreadable` with the reason and the place."""
    from converters.sources.docker.reading import analyze as read

    return read(project, options, ledger)
