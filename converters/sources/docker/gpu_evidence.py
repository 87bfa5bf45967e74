"""What the packages of an image and the code that its server runs say about a GPU."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from converters.containers.dockerfile_model import Run
from converters.project import Project
from converters.provenance import Origin
from converters.python import gpu, pip
from converters.python.module import Module
from converters.sources.docker.candidate import Candidate


def of_server(project: Project, candidate: Candidate) -> Iterator[gpu.Evidence]:
    """By the packages that the image's stage installs, then by the code of the server."""
    if candidate.packaging is not None:
        for run in candidate.packaging.stage.runs:
            yield from _of_run(project, candidate, run)
    listener = candidate.listener
    if listener is not None and listener.code is not None:
        named = [module for path in _named(candidate, listener.modules) if (module := listener.code.module(path)) is not None]
        for module in (*listener.modules, *(module for module in named if module not in listener.modules)):
            yield from gpu.of_module(module)


def _named(candidate: Candidate, modules: Iterable[Module]) -> Iterator[str]:
    """Python files of the image that the server's code names, as a program that it starts is named."""
    packaging = candidate.packaging
    if packaging is None:
        return
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
                path = packaging.layout.files.get(str(PurePosixPath(packaging.stage.workdir or "/", node.value)))
                if path is not None:
                    yield path


def _of_run(project: Project, candidate: Candidate, run: Run) -> Iterator[gpu.Evidence]:
    for outer in run.commands():
        for command in (outer, *outer.inner):
            words = pip.arguments(command.words)
            if words is not None:
                origin = Origin(file=candidate.file, line=command.line)
                found = pip.install(words, origin, _reader(project, candidate, run.workdir or "/"))
                yield from gpu.of_packages(found.specs, [(flag, origin) for flag in found.flags])


def _reader(project: Project, candidate: Candidate, workdir: str) -> pip.Reader:
    """Reads a requirements file where the image holds it; a bind mount of the build context has the context's own names."""
    packaging = candidate.packaging

    def read(path: str) -> tuple[str, str] | None:
        if packaging is None:
            return None
        place = str(PurePosixPath(workdir, path))
        near = f"{packaging.context}/{path}".strip("/")
        source = next((one for one in (packaging.layout.files.get(place), near, path) if one in project.files), None)
        file = project.files[source] if source is not None else None
        return (file.path, file.text) if file is not None and file.size < 2**20 else None

    return read
