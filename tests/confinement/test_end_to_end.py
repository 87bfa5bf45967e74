"""`migrate verify` and `migrate run` with a hostile worker, as root, as an ordinary user, and as one who may make no namespaces."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.confinement import table
from tests.confinement.attempts import kill_processes_of_the_user, remove_files_of_the_user
from tests.confinement.test_hostile import MODES, PYTHON, ROOT, Machine, machine

__all__ = ["machine"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
#: What would end or empty the worker itself: its handler does the same to what is the user's alone.
_OWN = {kill_processes_of_the_user, remove_files_of_the_user}
WORKER = """
import contextlib, json, os, pathlib, shutil, signal
import runpod
import attempts

PLACES = json.loads(pathlib.Path(__file__).with_name("places.json").read_text())
NAMES = json.loads(pathlib.Path(__file__).with_name("names.json").read_text())

def handler(job):
    shutil.rmtree(PLACES["home"], ignore_errors=True)
    with contextlib.suppress(OSError):
        os.kill(int(PLACES["pid"]), signal.SIGKILL)
    return {"got": {name: getattr(attempts, name)(PLACES) for name in NAMES}}

runpod.serverless.start({"handler": handler})
"""


@dataclass
class User:
    """One who runs commands in a mode. ``folder`` is theirs."""

    machine: Machine
    mode: str
    python: Path
    folder: Path

    def command(self, *words: str) -> list[str]:
        program = [str(self.python), "-m", "converters.cli", *words]
        return (
            program
            if self.mode == "root"
            else [PYTHON, "-I", str(self.folder / "checkout/tests/confinement/become.py"), *self._mode, *program]
        )

    @property
    def _mode(self) -> tuple[str, str]:
        return str(self.folder / "checkout"), self.mode

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.folder / "user"), "SECRET": "canary"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=120, env=self.environment, cwd=self.folder / "user"
        )


@pytest.fixture(params=MODES)
def user(machine: Machine, request: pytest.FixtureRequest) -> Iterator[User]:
    mode = str(request.param)
    if os.getuid() != 0:
        pytest.skip("needs root, to be every user in turn")
    if mode != "root" and not Path(PYTHON).exists():
        pytest.skip(f"{PYTHON} is not installed")
    folder = machine.folder
    for package in ("fal_runtime/confinement", "tests/confinement"):
        shutil.copytree(ROOT / package, folder / "checkout" / package, ignore=shutil.ignore_patterns("__pycache__"))
    python = Path(sys.executable) if mode == "root" else _environment(folder / "environment")
    project = folder / "project"
    project.mkdir()
    (folder / "user").mkdir()
    shutil.copy(ROOT / "tests/confinement/attempts.py", project)
    names = [row.attempt.__name__ for row in table.ROWS if row.attempt not in _OWN]
    files = {"handler.py": WORKER, "places.json": json.dumps(machine.places), "names.json": json.dumps(names)}
    files |= {"requirements.txt": "runpod\n", "test_input.json": '{"input": {}}'}
    files["Dockerfile"] = "FROM python:3.11-slim\nWORKDIR /app\nRUN pip install runpod\nCOPY *.py *.json ./\nCMD python -u handler.py\n"
    for name, text in files.items():
        (project / name).write_text(text)
    if mode != "root":
        for place in (machine.folder, *machine.folder.rglob("*")):
            os.chown(place, 65534, 65534, follow_symlinks=False)
    found = User(machine, mode, python, folder)
    can = subprocess.run(found.command("--version"), capture_output=True, text=True, env=found.environment, cwd=folder / "user")
    if can.returncode:
        pytest.skip(f"this checkout cannot be run by {mode}: {can.stderr.strip().splitlines()[-1:]}")
    yield found


def _environment(place: Path) -> Path:
    """The system's Python with the packages of this one: an environment of ours may lie where an ordinary user cannot read."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(place)], check=True)
    own = place / "lib" / version / "site-packages"
    if not own.is_dir():
        pytest.skip(f"{PYTHON} is not {version}")
    (own / "beside.pth").write_text("\n".join([str(ROOT), *site.getsitepackages(), ""]))
    return place / "bin" / "python"


def check(user: User, got: dict[str, str]) -> None:
    """That hostile code got what the table says, and nothing of the user's changed but what the table says."""
    enforced = {row.attempt.__name__ for row in table.ROWS if row.outcome(user.mode) == table.NOTHING}
    assert {name: what for name, what in got.items() if what and name in enforced} == {}
    expected = {"the secret's mode or time", "path"} if user.mode == "no namespaces" else set()
    assert set(user.machine.changes()) <= expected


WHOLE = pytest.mark.whole
"""A way of confining that another command shows here too, and the attempts one by one in `test_hostile`."""


@pytest.mark.parametrize(
    "user",
    [pytest.param("root", marks=WHOLE), pytest.param("user", marks=WHOLE), pytest.param("no namespaces", marks=WHOLE)],
    indirect=True,
)
def test_verification(user: User) -> None:
    certificate = user.folder / "user" / "certificate.json"
    done = user.run("verify", str(user.folder / "project"), "--seconds", "1", "--source-sdk", "own", "-o", str(certificate))
    assert certificate.exists(), done.stderr
    trials = [trial for found in json.loads(certificate.read_text())["certificates"] for trial in found["trials"]]
    assert trials, done.stdout
    for trial in trials:
        for side in ("source", "target"):
            assert trial[side]["kind"] == "result", trial[side]
            check(user, trial[side]["value"]["got"])
    told = "not enforced here" in done.stdout + done.stderr
    assert told == (user.mode == "no namespaces"), done.stderr


@pytest.mark.parametrize("user", ["root", pytest.param("user", marks=WHOLE), pytest.param("no namespaces", marks=WHOLE)], indirect=True)
@pytest.mark.whole
def test_a_run(user: User) -> None:
    converted = user.folder / "user" / "converted"
    done = user.run(str(user.folder / "project"), "--output", str(converted))
    assert (converted / "pyproject.toml").exists(), done.stdout + done.stderr
    log = user.folder / "user" / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            user.command("run", str(converted), "--port", "0"), stdout=output, stderr=output, env=user.environment, cwd=converted
        )
    try:
        address = _address(running, log)
        request = urllib.request.Request(address, b"{}", {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        check(user, found["got"])
    except urllib.error.HTTPError as error:
        pytest.fail(f"{error.code}: {error.read()!r}\n{log.read_text()}")
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)
    assert ("not enforced" in log.read_text()) == (user.mode == "no namespaces")


def _address(running: subprocess.Popen[bytes], log: Path) -> str:
    """The URL of the app's endpoint, once it is ready."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        for word in log.read_text().split():
            if word.startswith("http://") and "/local/" in word:
                return word
        time.sleep(0.1)
    raise AssertionError(log.read_text())
