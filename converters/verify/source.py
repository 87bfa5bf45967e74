"""A project as its image would hold it, and the processes that run in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from converters.concepts import storage
from converters.containers import packaging
from converters.ir import App
from converters.project import Project, SourceFile
from fal_runtime import image, own_server
from fal_runtime.confinement import START, Support, View, bounds, content_below, is_collection

from .interpreter import Interpreter
from .observe import HOOK, Observation

_TAIL = 2**16
"""Bytes at the end of a log in which the last words are looked for."""
_BESIDE = "/src"
"""Where a project lies that no Dockerfile lays out (Cog's own working directory)."""


@dataclass
class Staged:
    """Files below ``root`` at the absolute paths that they have in the image."""

    root: Path
    workdir: str
    entry: str
    """Path of the entry script in the image."""
    module: str = ""
    """The module that is run instead (``python -m``)."""
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def stage(project: Project, app: App, root: Path) -> Staged:
    """Lay the project out below ``root`` as its Dockerfile does, else as a whole in one folder."""
    environment = {variable.name: variable.value for variable in app.environment.variables if variable.value is not None}
    if app.asks_for_volume:
        image.inside(root, storage.VOLUME).mkdir(parents=True, exist_ok=True)
    file = project.files.get(app.environment.dockerfile or "")
    read = packaging.read(project, file) if file is not None and app.predictor is None else None
    if read is not None:
        environment.update({name: value.value for name, value in read.stage.env.items() if value.value is not None})
        for path, name in read.layout.files.items():
            put(root, path, project.files[name].data)
        for folder in image.read(file.text, app.environment.build_args).folders if file is not None else ():
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                image.inside(root, folder).mkdir(parents=True, exist_ok=True)
        for name, path in app.environment.copies:
            for inside, part in _below(project, name):
                put(root, f"{path}/{inside}" if inside else path, part.data)
        workdir = read.stage.workdir or "/"
        found = sorted(path for path, name in read.layout.files.items() if name == app.entry)
        if read.entry is not None and read.entry.file == app.entry:
            entry, workdir, arguments = read.entry.image_path, read.entry.workdir or workdir, read.entry.args
            module = _module(entry, read.entry.script_dir) if read.entry.module else ""
            return Staged(root, workdir, entry, module, arguments, environment)
        if found:
            return Staged(root, workdir, found[0], "", tuple(app.environment.argv), environment)
    for name, part in project.files.items():
        put(root, f"{_BESIDE}/{name}", part.data)
    entry = f"{_BESIDE}/{app.entry}"
    folder = str(PurePosixPath(entry).parent)
    return Staged(root, folder, entry, "", tuple(app.environment.argv), environment)


def _below(project: Project, path: str) -> list[tuple[str, SourceFile]]:
    """The file at a path, or the files of the folder there with their paths in it."""
    if path in project.files:
        return [("", project.files[path])]
    prefix = "" if path in ("", ".") else f"{path.rstrip('/')}/"
    return [(name[len(prefix) :], file) for name, file in project.files.items() if name.startswith(prefix)]


def put(root: Path, path: str, data: bytes) -> None:
    """Write a file where it lies in the image; a script with a ``#!`` line may be executed."""
    target = root / os.path.normpath("/" + path).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_dir():
        target.write_bytes(data)
        if data.startswith(b"#!"):
            target.chmod(target.stat().st_mode | 0o111)


def _module(path: str, folder: str) -> str:
    return str(PurePosixPath(path).relative_to(folder).with_suffix("")).replace("/", ".")


def at_a_time(app: App) -> int:
    """How many requests the source answers at the same time."""
    setting = app.setting("max_multiplexing")
    return setting.value if setting is not None and isinstance(setting.value, int) else 1


class Process:
    """A program of the source side in its own view of the file system."""

    def __init__(
        self,
        staged: Staged,
        argv: Sequence[str],
        observation: Observation,
        environment: dict[str, str],
        *,
        interpreter: Interpreter,
        confinement: Support,
    ) -> None:
        """``argv``: what is run, where the interpreter is, or another program of its ``PATH``."""
        self._staged, self._argv, self._environment = staged, list(argv), environment
        self._folders = tuple(path for path in interpreter.folders if not is_collection(path))
        self._observation, self._confinement = observation, confinement
        self._own = observation.private
        self.log = self._own / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = ThreadPoolExecutor(1, "starter")
        """One thread, however often it is started: the kernel ends it with the thread that did."""

    def start(self) -> None:
        """Start it, or start it again after it ended."""
        empty = self._own / "stage"
        empty.mkdir(exist_ok=True)
        if self._process is None:  # later the project's code may have put links there
            for folder in (self._staged.workdir, "/tmp"):
                (self._staged.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        cwd = self._staged.workdir if self._confinement.private else str(self.folder)
        readable = (str(HOOK.parent), str(own_server.HOOK), *self._folders)
        view = View(empty, self._staged.root, cwd, readable, (str(self._observation.folder),))
        own = {**self._staged.environment, **self._environment}
        if not self._confinement.private:
            own["TMPDIR"] = str(self._staged.root / "tmp")
        settings = {
            "argv": self._argv,
            "environments": {self._confinement.kind: self._observation.environment(own)},
            "view": view.as_json(),
            "kind": self._confinement.kind,
        }
        with self.log.open("ab") as log:
            self._process = self._starter.submit(
                subprocess.Popen,
                [sys.executable, "-I", "-S", str(START)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._observation.environment(),
                start_new_session=True,
            ).result()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as told:
            told.write(json.dumps(settings).encode())

    @property
    def folder(self) -> Path:
        """Where its working directory lies on this machine."""
        return self._staged.root / self._staged.workdir.lstrip("/")

    @property
    def pid(self) -> int | None:
        """Its number; None where it was never started."""
        return self._process.pid if self._process is not None else None

    @property
    def ended(self) -> bool:
        """Whether it is not running."""
        return self._process is None or self._process.poll() is not None

    def file(self, path: str) -> bytes | None:
        """The content of a file that this process sees and may have written; None where there is none. No link leads further."""
        if self._process is None or not path.startswith("/"):
            return None
        try:
            if self._confinement.kind == "none":
                return Path(path).read_bytes() if Path(path).is_file() else None
            if not self._confinement.private:  # its files lie among the user's
                places = [str(place) for place in (self._staged.root, self._observation.folder)]
                place = next((place for place in places if path.startswith(f"{place}/")), None)
                return None if place is None else content_below(place, path.removeprefix(place))
            below = bounds.tree(self._process.pid)  # the one that reaps, then the one that runs the program
            return content_below(f"/proc/{below[1] if len(below) > 1 else self._process.pid}/root", path)
        except OSError:
            return None

    def exit_code(self, seconds: float) -> int | None:
        """How it ended; None where it has not within that time."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def stop(self) -> None:
        """Kill it and what it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def last_words(self) -> str:
        """The last exception in its output, else its last line."""
        with self.log.open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - _TAIL, 0))
            return last_words(log.read().decode(errors="replace"))


class Waiting(Protocol):
    """A side that a program answers for."""

    def wait(self) -> None:
        """Wait until it answers. Raises SideFailed where it does not."""

    def close(self) -> None:
        """Close the connections."""


_Side = TypeVar("_Side", bound=Waiting)


@contextlib.contextmanager
def running(process: Process, side: _Side) -> Iterator[_Side]:
    """Start a program and wait until its side answers; both end with the ``with`` block. Raises SideFailed."""
    try:
        process.start()
        with contextlib.closing(side):
            side.wait()
            yield side
    finally:
        process.stop()


def last_words(text: str) -> str:
    """The last exception that a log shows, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line for line in lines if line[:1].isalpha() and line.partition(":")[0].endswith(("Error", "Exception", "Exit"))]
    return (raised or lines or ["it said nothing"])[-1][:300]


def free_port() -> int:
    """A port of this machine at which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def end_all(folder: Path, spared: int = 0) -> None:
    """Kill every process that was told of a scratch folder in its environment, also one that left its parent's group.

    Children of the process ``spared`` stay.
    """
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            parent = int((environment.parent / "stat").read_text().rpartition(")")[2].split()[1])
            if os.fsencode(f"{folder}/") in environment.read_bytes() and parent != spared:
                os.kill(int(environment.parent.name), signal.SIGKILL)
