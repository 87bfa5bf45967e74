"""Engines that are driven by their command line: podman and docker. A network of ours takes the place of theirs."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from converters.rehearsal.apart import OUTSIDE
from converters.rehearsal.apart.linked import Link, LinkFailure
from converters.rehearsal.bases import Bases
from converters.rehearsal.dockerfile import Prepared
from converters.rehearsal.engines import Build, EngineFailure, Outside, Process, Step
from converters.rehearsal.engines.builder import MEMORY, TASKS, Builder
from converters.rehearsal.engines.output import Steps
from converters.rehearsal.engines.programs import own_command
from converters.rehearsal.engines.shown import REHEARSAL, write_own


class Started(Protocol):
    """A program of the machine that was started."""

    def lines(self) -> Iterator[str]:
        """What it prints, line by line, until it ends."""

    def wait(self) -> int:
        """Its exit code."""

    def kill(self) -> None:
        """End it."""


class Programs(Protocol):
    """How programs of the machine are started; tests record it."""

    def which(self, name: str) -> str | None:
        """Where a program is."""

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> Started:
        """Start a program."""


class Machine:
    """Starts programs for real."""

    def which(self, name: str) -> str | None:
        return shutil.which(name)

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> Started:
        return _Process(argv, environment)


class _Process:
    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **environment},
            start_new_session=True,
        )

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        return (line.rstrip("\r\n") for line in self._process.stdout)

    def wait(self) -> int:
        return self._process.wait()

    def kill(self) -> None:
        self._process.kill()


class CommandLine(Builder):
    """An engine with a command line like docker's."""

    name = ""

    def __init__(self, folder: Path, outside: Outside | None, bases: Bases, programs: Programs | None = None) -> None:
        super().__init__(folder, outside, bases)
        self.programs: Programs = programs or Machine()
        self._active: list[Started] = []
        """Builds."""

    def missing(self) -> str | None:
        """What to install or to allow; None where it can be used."""
        if self.programs.which(self.name) is None:
            return f"{self.name} (https://docs.docker.com/engine/install or apt-get install {self.name})"
        if os.geteuid() != 0:
            return "root, for the network of a build"
        try:
            self.told("info")
        except EngineFailure as error:
            return f"{self.name} that runs ({error})"
        return None

    def has(self, tag: str) -> bool:
        """Whether an image is there."""
        if tag not in self._images:
            with contextlib.suppress(EngineFailure):
                self.told("image", "inspect", "--format", "{{.Id}}", tag)
                self._images.add(tag)
        return tag in self._images

    def steps(self, build: Build, prepared: Prepared, on_step: Callable[[Step], None]) -> Steps:
        """Build what was prepared. Raises StepFailure, EngineFailure."""
        with self.network() as (words, _), tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
            steps = self.followed(build, prepared, on_step)
            argv = [self.name, *self.build_words(build, prepared, words, Path(scratch)), str(build.context)]
            program = self.programs.start(argv, self.environment())
            self._active.append(program)
            ended = threading.Event()
            why: list[str] = []
            watching = threading.Thread(target=_watch, args=(steps, build.step_seconds, program, ended, why), daemon=True)
            watching.start()
            for line in program.lines():
                steps.line(line)
            code = program.wait()
            ended.set()
            watching.join()
            self._active.remove(program)
            if code != 0:
                self.fail(build, steps, why[0] if why else "")
        steps.end()
        self._images.add(build.tag)
        return steps

    def followed(self, build: Build, prepared: Prepared, on_step: Callable[[Step], None]) -> Steps:
        """What reads the output of a build."""
        return Steps(prepared, build.places, on_step)

    @abstractmethod
    def build_words(self, build: Build, prepared: Prepared, network: Sequence[str], scratch: Path) -> list[str]:
        """The arguments of a build but for its context."""

    @contextmanager
    def network(self) -> Iterator[tuple[list[str], Link]]:
        """A network in which nothing but the double of the internet answers, and the options that choose it."""
        if self.stopped:
            raise EngineFailure("it was stopped")
        try:
            link = Link()
        except LinkFailure as error:
            raise EngineFailure(f"cannot make a network: {error}") from error
        with self._served(link):
            yield ["--network", f"ns:{link.path}"], link

    @contextmanager
    def _served(self, link: Link) -> Iterator[None]:
        served = self._outside.serve(link.udp, link.http, link.https) if self._outside is not None else None
        try:
            yield
        finally:
            if served is not None:
                served.close()
            link.close()

    def environment(self) -> Mapping[str, str]:
        """Variables of the command beside the user's."""
        return {}

    def own(self, scratch: Path) -> Path:
        """The folder that is seen at /rehearsal."""
        folder = scratch / "rehearsal"
        write_own(folder, self._outside.environment if self._outside is not None else {})
        return folder

    def volumes(self, own: Path) -> list[str]:
        """The options that show that folder and the double's own."""
        words = ["-v", f"{own}:{REHEARSAL}:ro"]
        return [*words, "-v", f"{self._outside.mount.resolve()}:{REHEARSAL}/outside:ro"] if self._outside is not None else words

    def told(self, *words: str) -> list[str]:
        """What a command says. Raises EngineFailure where it fails."""
        program = self.programs.start([self.name, *words], self.environment())
        lines = list(program.lines())
        if program.wait() != 0:
            raise EngineFailure(f"{self.name} {words[0]}: {'; '.join(lines[-3:])}")
        return lines

    def stop(self) -> None:
        """End all that it builds; what runs ends with :meth:`RunningContainer.kill`."""
        self.stopped = True
        for program in list(self._active):
            program.kill()

    def run(self, image: str, process: Process) -> RunningContainer:
        """Start a process in an image. Raises EngineFailure."""
        return RunningContainer(self, image, process)

    def remove(self) -> None:
        """Everything that it has stored: the images of rehearsals, and the folder."""
        for line in self.told("images", "--format", "{{.Repository}}:{{.Tag}}"):
            if line.startswith("localhost/rehearsal/"):
                with contextlib.suppress(EngineFailure):
                    self.told("rmi", "-f", line)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._images.clear()

    def configuration(self, image: str) -> Mapping[str, Any]:
        """What an image says of how it is run. Raises EngineFailure."""
        told: Mapping[str, Any] = json.loads("".join(self.told("image", "inspect", "--format", "{{json .Config}}", image)))
        return told


class RunningContainer:
    """A process in a container with a network of its own."""

    def __init__(self, engine: CommandLine, image: str, process: Process) -> None:
        self._engine, self._name = engine, f"rehearsal-{secrets.token_hex(6)}"
        self._lines: list[str] = []
        self._on_line = process.on_line
        self._code: int | None = None
        self._killed = False
        configuration = engine.configuration(image)
        argv = process.argv if process.argv is not None else own_command(process, configuration)
        if not argv:
            raise EngineFailure(f"{image} says no command to start")
        self._scratch = tempfile.TemporaryDirectory(prefix="rehearsal-")
        self._holding = engine.network()
        words, self._link = self._holding.__enter__()
        try:
            engine.told("run", "-d", *words, *self._options(process), "--entrypoint", "/bin/sh", image, f"{REHEARSAL}/start", *argv)
            self._following = engine.programs.start([engine.name, "logs", "-f", self._name], engine.environment())
        except BaseException:
            self._holding.__exit__(None, None, None)
            self._scratch.cleanup()
            raise
        self._ended = threading.Event()
        threading.Thread(target=self._follow, name="output", daemon=True).start()

    def _options(self, process: Process) -> list[str]:
        words = ["--name", self._name, "--memory", str(process.memory or MEMORY), "--pids-limit", str(TASKS)]
        words += self._engine.volumes(self._engine.own(Path(self._scratch.name)))
        for one in process.mounts:
            words += ["-v", f"{one.source.resolve()}:{one.target}:{'rw' if one.writable else 'ro'}"]
        for name, value in process.environment.items():
            words += ["--env", f"{name}={value}"]
        return [*words, "--workdir", process.cwd] if process.cwd else words

    def _follow(self) -> None:
        for line in self._following.lines():
            self._lines.append(line)
            del self._lines[:-8000]
            if self._on_line is not None:
                self._on_line("stdout", line)
        with contextlib.suppress(EngineFailure, ValueError, IndexError):
            self._code = int(self._engine.told("wait", self._name)[-1])
        self._code = 137 if self._code is None else self._code
        self._ended.set()

    def lines(self) -> list[str]:
        """What it has printed so far: the lines of a stream in their order, the two streams mixed."""
        return list(self._lines)

    def connect(self, port: int, address: str = "127.0.0.1", timeout: float = 5.0) -> socket.socket:
        """A socket connected to a port inside. Raises OSError."""
        return self._link.connect(port, address, timeout)

    def listen(self, port: int) -> socket.socket:
        """A socket that listens on a port of the loopback inside. Raises OSError."""
        return self._link.listen(port)

    def signal(self, number: int) -> None:
        """Send a signal to the program, and not to what it has started."""
        with contextlib.suppress(EngineFailure):
            self._engine.told("kill", "--signal", str(number), self._name)

    @property
    def pid(self) -> int | None:
        """The process of this machine below which it runs."""
        with contextlib.suppress(EngineFailure, ValueError, IndexError):
            return int(self._engine.told("inspect", "--format", "{{.State.Pid}}", self._name)[-1]) or None
        return None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The same when it has ended. Raises TimeoutError."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"still running after {timeout} s")
        return self._code if self._code is not None else 137

    @property
    def exceeded(self) -> str | None:
        """The bound that it exceeded, as a sentence."""
        with contextlib.suppress(EngineFailure):
            if self._engine.told("inspect", "--format", "{{.State.OOMKilled}}", self._name)[-1:] == ["true"]:
                return "more memory than it may have"
        return None

    def kill(self) -> None:
        """End it and everything that it started."""
        if self._killed:
            return
        self._killed = True
        with contextlib.suppress(EngineFailure):
            self._engine.told("rm", "-f", self._name)
        self._following.kill()
        self._ended.wait(10)
        self._holding.__exit__(None, None, None)
        self._scratch.cleanup()


def arguments(build: Build) -> list[str]:
    """The options of the build's arguments."""
    return [word for name, value in build.arguments.items() for word in ("--build-arg", f"{name}={value}")]


def resolver() -> list[str]:
    """The options that name the server of names."""
    return ["--dns", OUTSIDE]


def _watch(steps: Steps, seconds: float, program: Started, ended: threading.Event, why: list[str]) -> None:
    """End a build whose step takes too long."""
    while not ended.wait(1.0):
        if steps.current is not None and steps.seconds > seconds:
            why.append(f"it took longer than {seconds:g} s")
            program.kill()
            return
