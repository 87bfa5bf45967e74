"""The source side of a Docker project: the image that was chosen, as the project itself says it."""

from __future__ import annotations

from converters.ir import App
from converters.project import Project
from converters.sources.docker import choose, kubernetes, search, services
from converters.verify.outcome import SideFailed
from converters.verify.runner import Runner
from converters.verify.servers.source import Image


class ImageRunner(Runner):
    """The command of the image, over the files that its Dockerfile lays out."""

    def image(self, project: Project, app: App) -> Image:
        """Read the image of ``app``. Raises SideFailed where its files are not in the project, or nothing says what it starts."""
        candidates = choose.candidates(project)
        chosen = candidates[0] if candidates else None
        if chosen is None or chosen.packaging is None or app.environment.dockerfile is None:
            return super().image(project, app)
        if chosen.listener is None or not chosen.listener.framework:
            search.complete(project, chosen, kubernetes.workload(project, chosen))  # the image itself starts no server
        environment = {variable.name: variable.value for variable in app.environment.variables if variable.value is not None}
        environment.update(chosen.env())
        beside = services.together(chosen)
        command = services.command(chosen.service, beside) if beside and chosen.service is not None else list(chosen.start.words)
        if not command:
            raise SideFailed("nothing says what the image starts")
        files = {path: project.files[name] for path, name in chosen.packaging.layout.files.items()}
        return Image(files, chosen.packaging.stage.workdir or "/", environment, command)
