"""An engine for tests: what is built is kept as it was asked for, and programs run on this machine, without root, image or network.

Only what belongs to engines is replaced; the app is a real one, loaded, pickled, started and asked by the code that is tested.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from converters.rehearsal.advice import advice
from converters.rehearsal.engines import Build, Built, Process, StandIn, Step, StepFailure

SECONDS = 0.0
"""What each step of a build takes."""


@dataclass
class LocalEngine:
    """``fails``: an instruction that contains this text fails with these lines of output; ``late``: seconds that a line is on its way."""

    folder: Path
    late: float = 0.0
    fails: dict[str, Sequence[str]] = field(default_factory=dict)
    builds: list[Build] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    started: list[LocalProcess] = field(default_factory=list)
    name: str = "local"

    def missing(self) -> str | None:
        return None

    def build(self, build: Build, on_step: Callable[[Step], None] = lambda step: None) -> Built:
        self.builds.append(build)
        self.uploaded = sorted(path.relative_to(build.context).as_posix() for path in build.context.rglob("*") if path.is_file())
        lines = build.dockerfile.splitlines()
        steps = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                step = Step(number, len(lines), line, build.places[number - 1], "done", SECONDS)
                output = next((lines for text, lines in self.fails.items() if text in line), None)
                if output is not None:
                    on_step(replace(step, state="failed"))
                    raise StepFailure(step, output, *advice(step, output))
                on_step(step)
                steps.append(step)
        shutil.copytree(build.context, self.folder / "image", dirs_exist_ok=True)
        return Built(build.tag, tuple(steps), (StandIn("python:3.11", "this machine"),))

    def run(self, image: str, process: Process) -> LocalProcess:
        self.processes.append(process)
        self.started.append(LocalProcess(process, self.folder / "image", self.late))
        return self.started[-1]

    def stop(self) -> None:
        pass

    def remove(self) -> None:
        self.builds.clear()


class LocalProcess:
    """A program on this machine, with the paths of its mounts in place of those that it would have in its image."""

    def __init__(self, process: Process, root: Path, late: float = 0.0) -> None:
        places = {mount.target: str(mount.source) for mount in process.mounts}
        places = dict(sorted(places.items(), key=lambda item: len(item[0]), reverse=True))
        self._ports: dict[int, int] = {}
        for mount in process.mounts:
            command = mount.source / "command.json"
            if command.is_file():
                told = json.loads(_moved(command.read_text(), places))
                told["ports"] = [self._ports.setdefault(port, _free()) for port in told.get("ports") or ()]
                command.write_text(json.dumps(told))
        words = [_moved(word, places) for word in process.argv or (*(process.entrypoint or ()), *(process.cmd or ()))]
        if words[0].rpartition("/")[2] == "python":
            words[0] = sys.executable
        environment = {**os.environ, **{name: _moved(value, places) for name, value in process.environment.items()}}
        self._process = subprocess.Popen(
            words, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self._late = late
        self._on_line = process.on_line or (lambda stream, text: None)
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.exceeded: str | None = None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # it is closed while a program that outlives the killed one holds the other end
            for line in self._process.stdout:
                time.sleep(self._late)
                self._lines.append(line.rstrip("\n"))
                self._on_line("stdout", line.rstrip("\n"))

    def lines(self) -> list[str]:
        if self._process.poll() is not None:
            self._reader.join(2)
        return list(self._lines)

    def connect(self, port: int, address: str = "127.0.0.1", timeout: float = 5.0) -> socket.socket:
        said = [line.rpartition(" ")[2] for line in self._lines if line.startswith("listening on ")]
        return socket.create_connection((address, int(said[0]) if said else self._ports.get(port, port)), timeout)

    def listen(self, port: int) -> socket.socket:
        raise OSError("the gateway listens there")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, 9)
        self._process.wait()
        self._reader.join(2)
        if self._process.stdout is not None:
            self._process.stdout.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _moved(text: str, places: dict[str, str]) -> str:
    for target, source in places.items():
        text = text.replace(target, source)
    return text
