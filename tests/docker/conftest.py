"""A server of the fixtures, run by itself and as each target under the local runtime."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output import write

FIXTURES = Path(__file__).parents[2] / "fixtures" / "docker"


@pytest.fixture(scope="session", autouse=True)
def forked_zygotes(warm_zygotes: None) -> None:
    """Not imported anew for every runtime."""


@pytest.fixture(autouse=True)
def own_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python` is the interpreter that runs the tests."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def outcome_of(project: Path, options: Options) -> Converted:
    made = convert(project, options)
    assert isinstance(made, Converted), made
    return made


def output_of(name: str, target: str, folder: Path) -> tuple[Path, Converted]:
    """The fixture, converted for a target and written below a folder."""
    made = outcome_of(FIXTURES / name, Options(target=target))  # type: ignore[arg-type]
    written = write(made, folder / f"{name}-{target}")
    return Path(written.path), made


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def itself(name: str, command: list[str], env: dict[str, str], port: int, ready: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """The server's own process, in a copy of its files."""
    home = tmp_path / f"{name}-itself"
    shutil.copytree(FIXTURES / name, home)
    process = subprocess.Popen(
        command, cwd=home, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            _until_ready(client, ready, process)
            yield client
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)
        deadline = time.monotonic() + 10
        while not free(port) and time.monotonic() < deadline:
            time.sleep(0.05)


def _until_ready(client: httpx.Client, path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError("the server is not ready")
