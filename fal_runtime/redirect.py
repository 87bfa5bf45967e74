"""Run a program whose official ``fal_client``, unmodified, talks to a runtime on this machine: ``migrate exec``."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .engine import HOOK
from .errors import RuntimeFailure


class NoRuntime(RuntimeFailure):
    """There is no runtime to talk to."""

    code = 2


def environment(url: str, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` with what redirects every Python process below it to the runtime at ``url``."""
    paths = [str(HOOK), *filter(None, [base.get("PYTHONPATH")])]
    return {"FAL_KEY": "local:local", **base, "FAL_RUNTIME_URL": url, "PYTHONPATH": os.pathsep.join(paths)}


def execute(command: Sequence[str], *, port: int | None = None) -> int:
    """Run a command against the runtime on ``port``, or the one that was started last; returns its exit code.

    Raises NoRuntime when none runs, or the command cannot be started.
    """
    url = f"http://127.0.0.1:{port}" if port is not None else running()
    try:
        process = subprocess.Popen(command, env=environment(url, os.environ))
    except OSError as error:
        raise NoRuntime(f"{command[0]}: {error.strerror}") from None
    while True:
        try:
            code = process.wait()
            return 128 - code if code < 0 else code
        except KeyboardInterrupt:
            continue  # the command got it as well and decides


def running() -> str:
    """The URL of the runtime that was started last and still runs. Raises NoRuntime."""
    found = []
    for file in _registry().glob("*.json"):
        try:
            entry = json.loads(file.read_text())
            os.kill(entry["pid"], 0)
        except (OSError, ValueError, KeyError):
            file.unlink(missing_ok=True)
            continue
        found.append((file.stat().st_mtime, str(entry["url"])))
    if not found:
        raise NoRuntime("no runtime is running; start one with `migrate run PATH`, or name its port with --port")
    return max(found)[1]


def announce(url: str) -> Path:
    """Let :func:`running` find this process; the file is to be removed at the end."""
    file = _registry() / f"{os.getpid()}.json"
    file.write_text(json.dumps({"pid": os.getpid(), "url": url}))
    return file


def _registry() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    directory = Path(base) / f"fal-runtime-of-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
