"""One app where it runs: its settings, its image, what lies on its runner, and the Python that runs there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from converters.containers import base_images
from converters.preflight.apps import Program
from converters.preflight.packages import Packages, packages
from converters.preflight.runner import Built, Runner, built, runner, started
from converters.preflight.running import Running, Scope, running
from converters.preflight.scripts import started_scripts
from converters.project import Project


@dataclass(frozen=True)
class Deployment:
    """An app of a project of finished files. Everything else is derived from the two, once."""

    program: Program
    project: Project

    @cached_property
    def image(self) -> Built | None:
        """The Dockerfile that is built; None for an app without one, and for a ready image."""
        return built(self.program.image, self.project)

    @cached_property
    def runner(self) -> Runner:
        """The files of the runner."""
        return runner(self.program, self.project, self.image)

    @cached_property
    def running(self) -> Running:
        """The Python that runs: followed once, however often a conversion looks at the same files."""
        begun, files, known = started(self.program, self.project, self.image), self.runner.files, self.project.readings
        modules = [self.project.files.get(path) for path in (self.program.file, *files.values()) if path.endswith(".py")]
        texts = [module.data for module in modules if module is not None]
        program = (self.program.kind, self.program.file, self.program.symbol)
        key = ("running", program, begun, self.runner.cwd, self.runner.search, tuple(files.items()), tuple(texts))
        if key not in known:
            known[key] = running(self.program, self.project, self.runner, begun)
        found: Running = known[key]
        return found

    @cached_property
    def packages(self) -> Packages:
        """The Python packages that are installed."""
        return packages(self.program, self.project, self.image)

    @cached_property
    def python(self) -> str:
        """The minor version of the app's Python; '' where the files do not state it."""
        stated = self.program.value("python_version", "")
        if isinstance(stated, str) and stated:
            return ".".join(stated.split(".")[:2])
        return base_images.describe(self.image.stage.base_image).python if self.image is not None else ""

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """Shell scripts of the project that are started on the runner, and those that they start."""
        return tuple(started_scripts(self.program, self.image, self.runner, self.scopes, self.project))

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """Modules and functions that run."""
        return tuple(self.running.scopes())
