"""buildah, in a room of its own for each build and each process: it needs neither a daemon nor a registry."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from converters.rehearsal.apart import FIRST_ID, Program, Room, RoomFailure, Shown, programs_of, refusal
from converters.rehearsal.bases import Bases
from converters.rehearsal.dockerfile import Prepared
from converters.rehearsal.engines import (
    MOST_WRITTEN,
    Build,
    EngineFailure,
    Outside,
    Process,
    Step,
)
from converters.rehearsal.engines.builder import MEMORY, TASKS, Builder
from converters.rehearsal.engines.disk import Disk
from converters.rehearsal.engines.leftovers import Use
from converters.rehearsal.engines.output import Steps, is_own_line
from converters.rehearsal.engines.programs import follow, own_command, started
from converters.rehearsal.engines.shown import CONTEXT_FOLDER, FILES, REHEARSAL, STORE, WORK, Folders

_STARTED = ("/bin/sh", "/rehearsal/start")


class Buildah(Builder):
    """The engine. `folder` keeps the store; `outside` answers whatever a build asks of other machines."""

    name = "buildah"

    def __init__(self, folder: Path, outside: Outside | None, bases: Bases) -> None:
        super().__init__(folder, outside, bases)
        self._configurations: dict[str, Mapping[str, Any]] = {}
        self._rooms: set[Room] = set()

    def missing(self) -> str | None:
        """What to install or to allow; None where it can be used."""
        if shutil.which("buildah") is None:
            return "buildah (apt-get install buildah)"
        return refusal()

    def run(self, image: str, process: Process) -> RunningProcess:
        """Start a process in an image. Raises EngineFailure."""
        return RunningProcess(self, image, process)

    def stop(self) -> None:
        """End all that it builds and runs, for good."""
        self.stopped = True
        for room in list(self._rooms):
            room.end("it was stopped")

    def remove(self) -> None:
        """Everything that it has stored."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._images.clear()

    def configuration(self, image: str) -> Mapping[str, Any]:
        """What an image says of how it is run (`Entrypoint`, `Cmd`, `WorkingDir`, `Env` ...). Raises EngineFailure."""
        if image not in self._configurations:
            told: Mapping[str, Any] = json.loads("".join(self._told("inspect", "--type", "image", image)))
            self._configurations[image] = told.get("Docker", {}).get("config") or {}
        return self._configurations[image]

    @contextmanager
    def room(
        self, *, memory: int | None = None, disk: int = MOST_WRITTEN, context: Path | None = None, more: Sequence[Shown] = ()
    ) -> Iterator[tuple[Room, Folders]]:
        """A room in which buildah can be started. Raises EngineFailure."""
        if self.stopped:
            raise EngineFailure("it was stopped")
        use = Use(self.folder)
        folders = Folders(self.folder, self._outside, self._outside.environment if self._outside else {})
        try:
            shown = [*programs_of(shutil.which("buildah") or "buildah"), *folders.shown(context=context, more=tuple(more))]
            with (
                Room(shown, memory=memory or MEMORY, tasks=TASKS) as room,
                Disk([folders.store / "overlay", folders.work], disk, room.end),
            ):
                served = self._outside.serve(room.udp, room.http, room.https) if self._outside is not None else None
                self._rooms.add(room)
                try:
                    if use.has_leftovers:
                        self.wait(room, "rm", "--all")
                        use.clean()
                    yield room, folders
                finally:
                    self._rooms.discard(room)
                    if room.exceeded:
                        use.leaves()
                    if served is not None:
                        served.close()  # before the sockets are: their numbers are given to the next room's
        except RoomFailure as error:
            raise EngineFailure(str(error)) from error
        finally:
            folders.close()
            use.close()

    def command(self, *words: str) -> list[str]:
        """A command of buildah's on the store."""
        storage = [
            "--root",
            STORE,
            "--runroot",
            f"{WORK}/run/storage",
            "--storage-driver",
            "overlay",
            "--storage-opt",
            "overlay.mountopt=nodev",
        ]
        return [shutil.which("buildah") or "buildah", *storage, *words]

    def variables(self) -> dict[str, str]:
        """buildah's own variables."""
        return {
            **(self._outside.environment if self._outside else {}),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": f"{WORK}/home",
            "TMPDIR": f"{WORK}/tmp",
            "XDG_RUNTIME_DIR": f"{WORK}/run",
            "BUILDAH_ISOLATION": "chroot",
            "_CONTAINERS_USERNS_CONFIGURED": "1",
        }

    def steps(self, build: Build, prepared: Prepared, on_step: Callable[[Step], None]) -> Steps:
        steps = Steps(prepared, build.places, on_step)
        with self.room(memory=build.memory, disk=build.disk, context=build.context) as (room, folders):
            words = self._words(build, prepared, folders)
            said: SimpleQueue[str | None] = SimpleQueue()
            program = started(room, self.command("bud", *words, CONTEXT_FOLDER), self.variables(), said.put)
            why = follow(said, steps, build.step_seconds, program)
            if why or program.wait() != 0:
                self.fail(build, steps, why or room.exceeded)
        steps.end()
        self._images.add(build.tag)
        self._configurations.pop(build.tag, None)
        return steps

    def _words(self, build: Build, prepared: Prepared, folders: Folders) -> list[str]:
        (folders.files / "Dockerfile").write_text(prepared.text)
        (folders.files / "ignored").touch()
        words = ["--layers", "--pull-never", "--format", "docker", "--cap-drop", "CAP_SYS_CHROOT", "-t", build.tag]
        words += ["-f", f"{FILES}/Dockerfile", "--ignorefile", f"{FILES}/ignored", *_volumes(self._outside)]
        for name, content in prepared.files.items():
            file = folders.files / "context" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if prepared.files:
            words += ["--build-context", f"rehearsal={FILES}/context"]
        for name, value in build.secrets.items():
            file = folders.files / f"secret-{len(words)}"
            file.write_text(value)
            words += ["--secret", f"id={name},src={FILES}/{file.name}"]
        for name, value in build.arguments.items():
            words += ["--build-arg", f"{name}={value}"]
        return words

    def has(self, tag: str) -> bool:
        if tag in self._images:
            return True
        if not (self.folder / "store").exists():
            return False
        self._images |= {name for line in self._told("images", "--format", "{{.Name}}:{{.Tag}}") for name in line.split()}
        return tag in self._images

    def _told(self, *words: str) -> list[str]:
        with self.room() as (room, _):
            return self.wait(room, *words)

    def wait(self, room: Room, *words: str) -> list[str]:
        """What a command of buildah's says. Raises EngineFailure where it fails."""
        said: SimpleQueue[str | None] = SimpleQueue()
        program = started(room, self.command(*words), self.variables(), said.put)
        lines = []
        while (line := said.get()) is not None:
            lines.append(line)
        if program.wait() != 0:
            raise EngineFailure(f"buildah {words[0]}: {'; '.join(lines[-3:])}")
        return lines


class RunningProcess:
    """A process in an image, in a room of its own."""

    def __init__(self, engine: Buildah, image: str, process: Process) -> None:
        self._lines: list[str] = []
        self._on_line, self._open = process.on_line, {"stdout"} if process.on_line is None else {"stdout", "stderr"}
        self._ended = threading.Event()
        configuration = engine.configuration(image)
        self._holding = engine.room(memory=process.memory, more=[_mounted(number, one) for number, one in enumerate(process.mounts)])
        self._room, _ = self._holding.__enter__()
        self._killed = False
        self._release: Callable[[], object] = lambda: None
        try:
            self._program = self._start(engine, image, process, configuration)
        except BaseException:
            self._holding.__exit__(None, None, None)
            raise

    def _start(self, engine: Buildah, image: str, process: Process, configuration: Mapping[str, Any]) -> Program:
        name = f"process-{secrets.token_hex(6)}"
        self._release = lambda: engine.wait(self._room, "rm", name)
        engine.wait(self._room, "from", "--pull-never", "--name", name, image)
        words = ["run", "--isolation", "chroot", "--cap-drop", "CAP_SYS_CHROOT", *_volumes(engine._outside)]
        for number, one in enumerate(process.mounts):
            words += ["-v", f"/mounts/{number}:{one.target}:{'rw' if one.writable else 'ro'}"]
        for key, value in process.environment.items():
            words += ["--env", f"{key}={value}"]
        if process.cwd:
            words += ["--workingdir", process.cwd]
        argv = process.argv if process.argv is not None else own_command(process, configuration)
        if not argv:
            raise EngineFailure(f"{image} says no command to start")
        command = engine.command(*words, name, "--", *_STARTED, *argv)
        takers = [partial(self._take, stream) for stream in sorted(self._open, reverse=True)]
        return started(self._room, command, engine.variables(), *takers)

    def _take(self, stream: str, line: str | None) -> None:
        if line is None:
            self._open.discard(stream)
            if not self._open:
                self._ended.set()
        elif not is_own_line(line):
            self._lines.append(line)
            del self._lines[:-8000]
            if self._on_line is not None:
                self._on_line(stream, line)

    def lines(self) -> list[str]:
        """What it has printed so far: the lines of a stream in their order, the two streams mixed."""
        return list(self._lines)

    def connect(self, port: int, address: str = "127.0.0.1", timeout: float = 5.0) -> Any:
        """A socket connected to a port inside. Raises OSError."""
        return self._room.connect(port, address, timeout)

    def listen(self, port: int) -> Any:
        """A socket that listens on a port of the loopback inside. Raises OSError."""
        return self._room.listen(port)

    def signal(self, number: int) -> None:
        """Send a signal to the program, and not to what it has started."""
        self._program.signal_last(number, Buildah.name)

    @property
    def pid(self) -> int | None:
        """The process of this machine below which it runs."""
        return self._room.pid

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._program.poll()

    def wait(self, timeout: float | None = None) -> int:
        """The same when it has ended and everything that it printed has been read. Raises TimeoutError."""
        code = self._program.wait(timeout)
        self._ended.wait(5)
        return code

    @property
    def exceeded(self) -> str | None:
        """The bound that it exceeded, as a sentence."""
        return self._room.exceeded or None

    def kill(self) -> None:
        """End it and everything that it started."""
        if self._killed:
            return
        self._killed = True
        with contextlib.suppress(EngineFailure, TimeoutError, RoomFailure):
            self._program.kill()
            self._program.wait(5)
            self._release()
        self._holding.__exit__(None, None, None)
        self._ended.wait(5)  # nobody can print any more


def _mounted(number: int, mount: Any) -> Shown:
    source = mount.source.resolve()
    if mount.writable:
        os.chown(source, FIRST_ID, FIRST_ID)
    return Shown(f"/mounts/{number}", str(source), writable=mount.writable)


def _volumes(outside: Outside | None) -> list[str]:
    volumes = ["-v", f"{REHEARSAL}:{REHEARSAL}:ro"]
    return [*volumes, "-v", f"{REHEARSAL}/outside:{REHEARSAL}/outside:ro"] if outside is not None else volumes
