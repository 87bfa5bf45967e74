"""`migrate run --install` of a hostile package: what its build, and what its environment when Python starts, can do, as three kinds of users."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.confinement import table
from tests.confinement.test_end_to_end import _OWN, User, _address, check, user
from tests.confinement.test_hostile import ROOT, machine

__all__ = ["machine", "user"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
TRYING = """
import contextlib, json, os, pathlib, shutil, signal, sys
import attempts

PLACES, NAMES = (json.loads(pathlib.Path(attempts.__file__).with_name(name).read_text()) for name in ("places.json", "names.json"))

def tried():
    shutil.rmtree(PLACES["home"], ignore_errors=True)
    with contextlib.suppress(OSError):
        os.kill(int(PLACES["pid"]), signal.SIGKILL)
    return {name: getattr(attempts, name)(PLACES) for name in NAMES}
"""
BACKEND = """
import zipfile
from trying import tried

def build_wheel(directory, config_settings=None, metadata_directory=None):
    info = "hostile-1.0.dist-info"
    open("left-by-the-build", "w").close()
    with zipfile.ZipFile(f"{directory}/hostile-1.0-py3-none-any.whl", "w") as wheel:
        for name in ("attempts.py", "trying.py", "places.json", "names.json", "at_start.py"):
            wheel.write(name)
        wheel.writestr("hostile.py", f"GOT = {tried()!r}")
        wheel.writestr("hostile.pth", "import at_start")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: hostile\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "hostile-1.0-py3-none-any.whl"
"""
AT_START = """
import pathlib, sys
from trying import tried

GOT = tried()
try:
    pathlib.Path(sys.prefix, "left-at-start").write_text("here")
except OSError:
    GOT["write to the environment"] = ""
else:
    GOT["write to the environment"] = sys.prefix
"""
APP = """
import fal

class Demo(fal.App, name="demo"):
    requirements = ["./hostile"]

    @fal.endpoint("/")
    def run(self) -> dict:
        import at_start, hostile
        return {"build": hostile.GOT, "start": at_start.GOT}
"""
#: Makes environments as uv does, but with the packages of this one in them, which would take minutes to install.
UV = """#!/bin/sh
set -e
if [ "$1" = venv ]; then
    "$4" -m venv --without-pip "$5"
    for folder in "$5"/lib/python*/site-packages; do printf '%s\\n' {packages} > "$folder/beside.pth"; done
else
    case "$6" in
        fal==*) ;;
        *) "$5" -m pip install --quiet --no-index --no-deps "$6" ;;
    esac
fi
"""


@pytest.fixture
def project(user: User) -> Path:
    names = [row.attempt.__name__ for row in table.ROWS if row.attempt not in _OWN]
    files = {
        "app.py": APP,
        "pyproject.toml": '[tool.fal.apps.demo]\nref = "app.py::Demo"\n',
        "hostile/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "hostile/attempts.py": (ROOT / "tests/confinement/attempts.py").read_text(),
        "hostile/backend.py": BACKEND,
        "hostile/trying.py": TRYING,
        "hostile/at_start.py": AT_START,
        "hostile/places.json": json.dumps(user.machine.places),
        "hostile/names.json": json.dumps(names),
        "../bin/uv": UV.replace("{packages}", " ".join(f"'{place}'" for place in site.getsitepackages())),
    }
    root = user.folder / "app"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (user.folder / "bin/uv").chmod(0o755)
    if user.mode != "root":
        for place in (root, *root.rglob("*"), user.folder / "bin", user.folder / "bin/uv"):
            os.chown(place, 65534, 65534)
    return root


@pytest.mark.parametrize(
    "user", [pytest.param("root", marks=pytest.mark.whole), "user", pytest.param("no namespaces", marks=pytest.mark.whole)], indirect=True
)
@pytest.mark.whole
def test_a_hostile_package(user: User, project: Path) -> None:
    log = user.folder / "user" / "log"
    environment = {**user.environment, "PATH": f"{user.folder}/bin:/usr/bin:/bin"}
    with log.open("wb") as output:
        command = user.command("run", str(project), "--install", "--port", "0")
        running = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=project)
    try:
        request = urllib.request.Request(_address(running, log), b"{}", {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)
    assert found["start"].pop("write to the environment") == ""
    for got in found.values():
        check(user, got)
    assert not (project / "hostile/left-by-the-build").exists(), "a build wrote into the project"
    assert ("not enforced" in log.read_text()) == (user.mode == "no namespaces")
    assert shutil.which("uv", path=environment["PATH"]) == f"{user.folder}/bin/uv"
