"""The environment of an image in which a worker runs, where that is not the Python that PATH finds anyway."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from converters.containers.dockerfile_model import Run
from converters.containers.packaging import Packaging
from converters.containers.pythons import PythonEnvironment, Pythons, pythons
from converters.project import Project

ACTIVATES = re.compile(r"(?:^|[\s;&])(?:source|\.)\s+[\"']?(/\S+?)/bin/activate")


def read(project: Project, packaging: Packaging) -> Pythons:
    """The Pythons of a worker's image, those of earlier stages that it copies from among them."""
    runs: list[Run] = []
    wanted = [packaging.stage.index]
    for index in wanted:
        stage = packaging.dockerfile.stages[index]
        runs += [run for run in stage.runs if run not in runs]
        wanted += [copy.from_index for copy in stage.copies if copy.from_index is not None and copy.from_index not in wanted]

    def text(path: str, workdir: str) -> str:
        source = packaging.layout.files.get(str(PurePosixPath(workdir, path)))
        file = project.get(source) if source else None
        return file.data.decode(errors="replace") if file is not None and file.size < 2**20 else ""

    return pythons(sorted(runs, key=lambda run: run.line), packaging.stage, text)


def of_worker(project: Project, packaging: Packaging) -> PythonEnvironment | None:
    """The environment that the start command names or its script activates, else the only one with packages; None for the system's."""
    found = read(project, packaging)
    entry = packaging.entry
    if entry is not None:
        script = project.get(entry.script) if entry.script else None
        activated = ACTIVATES.findall(script.data.decode(errors="replace")) if script is not None else []
        for place in (entry.interpreter.rpartition("/bin/python")[0], *activated):
            if place in found.environments:
                return found.environments[place]
    filled = found.filled
    return found.first or (filled if filled is not None and not filled.hidden else None)
