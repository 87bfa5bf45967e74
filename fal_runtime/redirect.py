"""Run a program that calls fal, unmodified, against a runtime on this machine: ``migrate exec``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import RuntimeFailure
from .interception import LOCAL_KEY, Interceptor, in_thread


class NoRuntime(RuntimeFailure):
    """There is no runtime to talk to."""

    code = 2


@dataclass(frozen=True)
class Running:
    """A runtime: the URL of its gateway, and the key ("id:secret") that it gives to programs."""

    url: str
    key: str = LOCAL_KEY


@contextlib.contextmanager
def environment(runtime: Running, base: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """``base`` with what leads a program and all that it starts to the runtime, while the ``with`` block runs.

    None of fal's hosts is reached, and the user's credentials are not in it. Raises OSError.
    """
    with tempfile.TemporaryDirectory(prefix="fal-runtime-exec-") as directory:
        interceptor = Interceptor(runtime.url, Path(directory) / "intercept", runtime.key)
        with in_thread(interceptor):
            yield interceptor.environment(base)


def execute(command: Sequence[str], *, port: int | None = None) -> int:
    """Run a command against the runtime on ``port``, or the one that was started last; returns its exit code.

    Raises NoRuntime when none runs, or the command cannot be started.
    """
    runtime = running() if port is None else on_port(port)
    with environment(runtime, os.environ) as variables:
        try:
            process = subprocess.Popen(command, env=variables)
        except OSError as error:
            raise NoRuntime(f"{command[0]}: {error.strerror}") from None
        with _passed_on(signal.SIGTERM, process):
            return _exit_code(process)


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            code = process.wait()
            return 128 - code if code < 0 else code
        except KeyboardInterrupt:
            continue  # the command got it as well and decides


@contextlib.contextmanager
def _passed_on(signum: signal.Signals, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Send a signal that this process gets to the command, which cannot do without this process."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only there are signals handled
        return
    before = signal.signal(signum, lambda *_: process.send_signal(signum))
    try:
        yield
    finally:
        signal.signal(signum, before)


def running() -> Running:
    """The runtime that was started last and still runs. Raises NoRuntime."""
    found = list(_registered())
    if not found:
        raise NoRuntime("no runtime is running; start one with `migrate run PATH`, or name its port with --port")
    return max(found, key=lambda pair: pair[0])[1]


def on_port(port: int) -> Running:
    """The runtime on a port of this machine, whoever started it."""
    matches = [runtime for _, runtime in _registered() if runtime.url.endswith(f":{port}")]
    return matches[-1] if matches else Running(f"http://127.0.0.1:{port}")


def _registered() -> Iterator[tuple[float, Running]]:
    """The user's runtimes, each with when it was started."""
    for file in _registry().glob("*.json"):
        try:
            entry = json.loads(file.read_text())
            os.kill(entry["pid"], 0)
            yield file.stat().st_mtime, Running(str(entry["url"]), str(entry.get("key", LOCAL_KEY)))
        except (OSError, ValueError, KeyError):
            file.unlink(missing_ok=True)


def announce(url: str, key: str = LOCAL_KEY) -> Path:
    """Let :func:`running` find this process; the file is to be removed at the end."""
    file = _registry() / f"{os.getpid()}.json"
    file.write_text(json.dumps({"pid": os.getpid(), "url": url, "key": key}))
    return file


def _registry() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    directory = Path(base) / f"fal-runtime-of-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
