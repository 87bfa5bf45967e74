"""The Docker source: Dockerfiles, compose files and the servers that they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converters.sources.platform import Platform

if TYPE_CHECKING:
    from converters.ir import Application, Evidence
    from converters.ledger import Ledger
    from converters.options import Options
    from converters.project import Project
    from converters.verify.runner import Runner

COMPOSE = frozenset({"docker-compose.yml", "docker-compose.yaml", "compose.yaml", "compose.yml"})
"""Names by which `batch` knows the folder of a server."""


class Docker(Platform):
    """Servers that answer HTTP themselves, whatever they were written for: asked last."""

    name = "docker"
    title = "Docker"
    label = "Docker server"
    recognised_by = "a Dockerfile"
    emitter = "server"
    order = 90
    is_server = True
    finds = "folder"
    docs = "https://docs.docker.com/"

    def detect(self, project: Project) -> list[Evidence]:
        """Dockerfiles and compose files of the project."""
        from converters.sources.docker.reading import detect

        return detect(project)

    def analyze(self, project: Project, options: Options, ledger: Ledger) -> Application:
        """Read the server of the project. Raises `Unsupported` and `Unreadable` with the reason and the place."""
        from converters.sources.docker.reading import analyze

        return analyze(project, options, ledger)

    def runner(self) -> Runner:
        from converters.sources.docker.runner import ImageRunner

        return ImageRunner()

    def is_entry(self, name: str) -> bool:
        from converters.containers.compose import is_compose
        from converters.containers.packaging import is_dockerfile

        return is_dockerfile(name) or is_compose(name)

    def unit_of(self, project: Project, name: str) -> str:
        return name if self.is_entry(name) else ""

    def owns(self, project: Project, unit: str) -> bool:
        return self.is_entry(unit.rpartition("/")[2])

    def stands_in(self, names: Sequence[str]) -> bool:
        from converters.containers.packaging import is_dockerfile

        return any(is_dockerfile(name) or name in COMPOSE for name in names)


platform = Docker()
