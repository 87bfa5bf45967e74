from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.warm import Forked, Warm

ROOT = Path(__file__).parents[2]
TIME_LIMIT = int(os.environ.get("TIME_LIMIT", "90"))  # seconds, per test


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "time_limit(seconds): how long a test may take that is slow by nature")
    config.addinivalue_line("markers", "cold: starts the runtime as a person does, with nothing imported before")


@pytest.fixture(scope="session", autouse=True)
def forked_zygotes(warm_zygotes: None) -> None:
    """Not imported anew for every runtime."""


@pytest.fixture(autouse=True)
def time_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that hangs fails."""
    marker = request.node.get_closest_marker("time_limit")
    limit = max(TIME_LIMIT, marker.args[0]) if marker else TIME_LIMIT

    def expire(*_: object) -> None:
        raise TimeoutError(f"the test took longer than {limit} s")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.alarm(limit)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def started(arguments: list[str], directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fal_runtime", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, cwd=directory, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def forked(warm: Warm, arguments: list[str], directory: Path) -> Forked:
    reader, writer = os.pipe()
    process = warm.gateway(arguments, directory=directory, stderr=writer)
    os.close(writer)
    process.stderr = os.fdopen(reader)
    return process


class Served:
    """A runtime in a process of its own, as a person starts it."""

    def __init__(self, project: Path, data: Path, *options: str, warm: Warm | None) -> None:
        self.project = project
        self.data = data
        self.lines: list[str] = []
        self._news = threading.Condition()
        arguments = [str(project), "--port", "0", "--data", str(data), "--state", str(data.parent / "state"), *options]
        self.process = started(arguments, project) if warm is None else forked(warm, arguments, project)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append("(end)")
            self._news.notify_all()

    def line(self, pattern: str, timeout: float = 60, *, after: int = 0) -> str:
        """The first line that matches, after so many lines; fails when there is none in time."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                for line in self.lines[after:]:
                    if re.search(pattern, line):
                        return line
                if "(end)" in self.lines or not self._news.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no line matches {pattern!r} in:\n" + "\n".join(self.lines))

    def url(self, app: str) -> str:
        match = re.search(r"http://\S+", self.line(rf"^{app}: http://"))
        assert match is not None
        return match[0]

    def post(self, app: str, body: object, path: str = "") -> httpx.Response:
        return httpx.post(self.url(app) + path, json=body, timeout=30)

    def stop(self, signum: int = signal.SIGINT, timeout: float = 30) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout)

    def close(self) -> None:
        """Stop what still runs, and join the reader."""
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self.process.kill()
            self._reader.join(10)
            assert self.process.stderr is not None
            self.process.stderr.close()

    def processes(self) -> list[int]:
        """The runtime and every process that descends from it."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and descends(int(entry.name), self.process.pid):
                found.append(int(entry.name))
        return found


def descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            return False
    return False


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids: list[int], timeout: float = 10) -> bool:
    """True once none of these processes is left."""
    deadline = time.monotonic() + timeout
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="session")
def seen_by_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for ``writable=``: runners see nothing else of the machine's files."""
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def shared(seen_by_all: Path) -> Path:
    """A directory of the test's own that runners see as it does."""
    return Path(tempfile.mkdtemp(dir=seen_by_all))


@pytest.fixture
def wait() -> Callable[..., None]:
    """Wait until something is true; fails when it is not in time."""

    def until(condition: Callable[[], object], timeout: float = 20) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "it did not become true in time"
            time.sleep(0.02)

    return until


def written(root: Path, **files: str) -> Path:
    """A project in a new folder: file name -> text."""
    root.mkdir()
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    return root


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write a project: file name -> text."""

    return functools.partial(written, tmp_path / "project")


@pytest.fixture
def serve(tmp_path: Path, warm: Warm, request: pytest.FixtureRequest) -> Iterator[Callable[..., Served]]:
    """Serve a project; it is stopped at the end of the test."""
    marks = {mark.name for mark in request.node.iter_markers()}
    as_a_person = "cold" in marks or ("versions" in marks and "versions" in request.config.option.markexpr)
    running: list[Served] = []

    def start(root: Path, *options: str) -> Served:
        running.append(Served(root, tmp_path / "data", *options, warm=None if as_a_person else warm))
        return running[-1]

    yield start
    for served in running:
        served.close()
