"""Where the code of an image stands in the project: importable modules, scripts, folders of the search path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from converters.containers.layout import Layout
from converters.project import Project
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.docker.processes import Process, absolute
from converters.sources.docker.serving import Listener, Shared


class CodeFiles:
    """The code of one image."""

    def __init__(self, project: Project, layout: Layout, context: str, shared: Shared | None = None) -> None:
        self.project = project
        self.layout = layout
        self.context = context
        self.shared = shared or Shared(project)

    def find(self, module: str, process: Process) -> str | None:
        """The file of an importable module of the project: below the working directory, then where packages stand, then anywhere."""
        relative = module.replace(".", "/").strip("/")
        if not relative:
            return None
        tails = (f"{relative}.py", f"{relative}/__main__.py", f"{relative}/__init__.py")
        for base in (process.workdir, *process.env.get("PYTHONPATH", "").split(":")):
            for tail in tails:
                source = self.layout.files.get(absolute(tail, base or "/"))
                if source:
                    return source
        for base in dict.fromkeys((self.context, f"{self.context}/src".strip("/"), "", "src", *self.shared.installable())):
            for tail in tails:
                path = f"{base}/{tail}".strip("/")
                if path in self.project.files:
                    return path
        if "/" in relative:
            for tail in tails:
                found = sorted((path for path in self.project.files if path.endswith("/" + tail)), key=len)
                if found:
                    return found[0]
        return None

    def roots(self, path: str, process: Process) -> Iterator[str]:
        for folder in (process.workdir, *process.env.get("PYTHONPATH", "").split(":")):
            yield from (project for image, project in self.layout.folders if folder and image.rstrip("/") == folder.rstrip("/"))
        folder = str(PurePosixPath(path).parent)
        while folder not in (".", "") and f"{folder}/__init__.py" in self.project.files:
            folder = str(PurePosixPath(folder).parent)
        yield "" if folder == "." else folder
        yield from (self.context, f"{self.context}/src".strip("/"))

    def enter(self, listener: Listener, path: str) -> None:
        code = self.shared.code(tuple(dict.fromkeys(self.roots(path, listener.process))))
        listener.code, listener.entry = code, code.module(path)
        listener.entries, listener.closures = [path], self.shared.closures

    def near(self, name: str) -> str | None:
        tail = PurePosixPath(name).name
        found = [path for path in self.layout.files.values() if PurePosixPath(path).name == tail]
        return found[0] if found else None

    def near_script(self, word: str) -> str | None:
        """A script by its last path segments, where the file did not come by COPY (a volume, a clone of the project itself)."""
        for base in (self.context, ""):
            path = f"{base}/{word.lstrip('./')}".strip("/")
            if path in self.project.files:
                return path
        return None

    def folder_of(self, workdir: str) -> str:
        return next((project for image, project in self.layout.folders if image.rstrip("/") == workdir.rstrip("/")), self.context)

    def module(self, path: str | None) -> Module | None:
        return Code(self.project).module(path) if path else None
