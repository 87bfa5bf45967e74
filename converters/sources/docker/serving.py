"""A process that serves, with the code that it runs, and what all images of a project share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from converters.ir import Origin
from converters.project import Project
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.docker import programs
from converters.sources.docker.defaults import Known
from converters.sources.docker.installed import console_scripts
from converters.sources.docker.processes import Process

if TYPE_CHECKING:
    from converters.sources.docker.jina_flow import Flow


MAX_CLOSURE = 300


@dataclass(frozen=True)
class Unread:
    """A statement about the port or the host that is there and could not be read: no default may take its place."""

    subject: Literal["port", "host"]
    text: str
    origin: Origin


@dataclass
class Listener:
    """A process that serves HTTP (or may): the port and host with what says so, and the application behind it."""

    process: Process
    framework: str
    port: Known | None = None
    host: Known | None = None
    program: programs.Program | None = None
    application: str = ""
    """`module:attribute` of an ASGI or WSGI application."""
    code: Code | None = None
    entry: Module | None = None
    entries: list[str] = field(default_factory=list)
    """Files of the project from which the code is read."""
    closures: dict[tuple[str, ...], list[Module]] = field(default_factory=dict, repr=False)
    http: bool = True
    certain: bool = True
    """False for a port that is no more than a program's default which configuration elsewhere may change."""
    flow: Flow | None = None
    """Of a Jina gateway."""
    scripts: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """(path, text) of JavaScript files of the program."""
    port_flag: str = ""
    host_flag: str = ""
    port_env: str = ""
    host_env: str = ""
    unread: list[Unread] = field(default_factory=list)
    limit: Known | None = None
    """uvicorn's `limit_concurrency`, where code passes it."""

    def unread_about(self, subject: str) -> Unread | None:
        """The statement about a subject that could not be read, where no other one could be."""
        known = self.port if subject == "port" else self.host
        return next((one for one in self.unread if one.subject == subject), None) if known is None else None

    @property
    def modules(self) -> list[Module]:
        """The code of the program, nearest first."""
        key = (*(self.code.roots if self.code else ()), "", *self.entries)
        if key not in self.closures:
            found = [module for path in self.entries for module in (closure(self.code, path) if self.code else [])]
            self.closures[key] = list({module.path: module for module in found}.values())
        return self.closures[key]

    @property
    def loopback(self) -> bool:
        host = str(self.host.value) if self.host else ""
        return host in ("127.0.0.1", "localhost", "::1", "[::1]")


@dataclass
class Shared:
    """What all images of a project have in common: parsed modules, closures, installed commands."""

    project: Project
    modules: dict[str, Module | None] = field(default_factory=dict)
    closures: dict[tuple[str, ...], list[Module]] = field(default_factory=dict)
    codes: dict[tuple[str, ...], Code] = field(default_factory=dict)
    scripts: dict[str, str] | None = None
    folders: list[str] | None = None

    def console_scripts(self) -> dict[str, str]:
        if self.scripts is None:
            self.scripts = console_scripts(self.project)
        return self.scripts

    def installable(self) -> list[str]:
        """The folders that `pip install ./folder` takes packages from, those nearest to the top first."""
        if self.folders is None:
            marks = ("setup.py", "setup.cfg", "pyproject.toml")
            found = {file.folder for path, file in self.project.files.items() if path.rsplit("/", 1)[-1] in marks}
            self.folders = [base for folder in sorted(found, key=lambda one: (one.count("/"), one)) for base in (folder, f"{folder}/src")]
        return self.folders

    def code(self, roots: tuple[str, ...]) -> Code:
        return self.codes.setdefault(roots, Code(self.project, roots, modules=self.modules))


def closure(code: Code, entry: str) -> list[Module]:
    """The entry module and what it imports, nearest first, at most `MAX_CLOSURE`."""
    seen, queue = {entry}, [entry]
    found: list[Module] = []
    package = str(PurePosixPath(entry).parent)
    if entry.endswith("__main__.py") and f"{package}/__init__.py" in code.project.files:
        queue.append(f"{package}/__init__.py")
        seen.add(f"{package}/__init__.py")
    while queue and len(found) < MAX_CLOSURE:
        module = code.module(queue.pop(0))
        if module is None:
            continue
        found.append(module)
        for path, _ in code.imported_files(module):
            if path not in seen:
                seen.add(path)
                queue.append(path)
    return found
