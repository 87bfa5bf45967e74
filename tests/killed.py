"""Kills a command at one of its system calls: `strace` waits beside a process that is about to run it, and injects the signal.

A process that has everything imported forks a child for each attempt, so that the calls which are counted are those of the command alone.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CALLS = [
    "openat",
    "open",
    "creat",
    "write",
    "pwrite64",
    "writev",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "chmod",
    "fchmod",
    "fchmodat",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "truncate",
    "utimensat",
    "ioctl",
]
"""Calls that change what is on disk, where they do more than look."""
LOOKING = re.compile(r"O_RDONLY(?!.*O_CREAT)|TCGETS|FIO")
DRIVER = """
import os, sys
from converters import cli
import converters.commands.convert, converters.convert, converters.targets.write, converters.targets.worker, converters.output
import converters.reports, converters.reports.json, converters.sources.runpod, converters.sources.docker, converters.sources.replicate
import converters.targets.native.worker, converters.targets.predictor, jinja2, libcst, tomlkit, json, importlib
for line in sys.stdin:
    arguments = line.rstrip("\\n").split("\\0")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(writer)
        os.read(reader, 1)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os._exit(cli.answer(arguments))
    os.close(reader)
    print(child, flush=True)
    sys.stdin.readline()
    os.write(writer, b"x")
    os.close(writer)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Point:
    """A system call of a command: the `number`-th of its name. `what` is how strace shows it."""

    call: str
    number: int
    what: str


class Commands:
    """Runs `migrate` commands in forks of one process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, arguments: list[str], *, strace: list[str] | None = None) -> int:
        """The exit code of a command, negative for a signal; `strace`: what is asked of strace while it runs."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._tell("\0".join(arguments))
        child = int(self._process.stdout.readline())
        beside = self._beside(child, strace) if strace is not None else None
        self._tell("go")
        code = int(self._process.stdout.readline())
        if beside is not None:
            beside.wait(timeout=60)
            assert beside.stderr is not None
            beside.stderr.close()
        return code

    def points(self, arguments: list[str], below: Path, log: Path) -> list[Point]:
        """The calls by which a command changes something below a folder."""
        self.run(arguments, strace=["-y", "-s", "20", "-e", f"trace={','.join(CALLS)}", "-o", str(log)])
        counts: Counter[str] = Counter()
        found = []
        for line in log.read_text(errors="replace").splitlines():
            match = re.match(r"(\w+)\(", line)
            if match is None:
                continue
            counts[match.group(1)] += 1
            if str(below) in line and not LOOKING.search(line) and " = -1 " not in line:
                found.append(Point(match.group(1), counts[match.group(1)], line[:160]))
        return found

    def kill_at(self, arguments: list[str], point: Point) -> int:
        """Run a command that is killed on entering a call; its exit code, which is -9 where it came to the call."""
        call = point.call
        return self.run(arguments, strace=["-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point.number}"])

    def _beside(self, child: int, options: list[str]) -> subprocess.Popen[str]:
        beside = subprocess.Popen(["strace", "-p", str(child), *options], stderr=subprocess.PIPE, text=True)
        assert beside.stderr is not None
        ready, _, _ = select.select([beside.stderr], [], [], 30)
        line = beside.stderr.readline() if ready else ""
        assert "attached" in line, f"strace does not attach: {line}"
        return beside

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def commands(environment: dict[str, str]) -> Iterator[Commands]:
    """A process that runs commands, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        yield Commands(process)
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def why_not() -> str:
    """Why processes cannot be killed at their calls here; '' where they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    target = subprocess.Popen(["sleep", "30"])
    try:
        beside = subprocess.Popen(["strace", "-p", str(target.pid), "-o", os.devnull], stderr=subprocess.PIPE, text=True)
        assert beside.stderr is not None
        line = beside.stderr.readline()
        beside.terminate()
        beside.wait()
        beside.stderr.close()
        return "" if "attached" in line else f"strace may not attach here: {line.strip()}"
    finally:
        target.kill()
        target.wait()
