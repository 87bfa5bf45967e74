"""A full disk: what cannot be stored is refused, what was acknowledged is not lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import fal_runtime
from fal_runtime.testing import AppError

PYPROJECT = '[tool.fal.apps.demo]\nref = "app.py::Demo"\n'

APP = """
import os, time
import fal
from fal.toolkit import File
from pydantic import BaseModel

class Input(BaseModel):
    number: int = 0
    until: str = ""
    size: int = 1

class Demo(fal.App, name="demo", max_concurrency=1):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        while input.until and not os.path.exists(input.until):
            time.sleep(0.01)
        return {"number": input.number, "padding": "x" * input.size}

    @fal.endpoint("/file")
    def file(self, input: Input) -> File:
        return File.from_bytes(b"x" * input.size, file_name="x.bin")
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Nothing more can be written to ``disk`` meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            os.write(file.fileno(), b"x" * 4096)
    yield
    ballast.unlink()


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path, shared: Path, small_disk: Path, wait: Callable[..., None]) -> None:
    root, go = tmp_path / "project", shared / "go"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    with fal_runtime.serve(root, state=small_disk, writable=[shared]) as fal:
        running = fal.submit("demo", {"number": 1, "until": str(go), "size": 100_000})
        waiting = fal.submit("demo", {"number": 2, "size": 100_000})
        with full(small_disk):
            with pytest.raises(AppError, match="could not be stored") as refused:
                fal.submit("demo", {"number": 3, "until": "x" * 100_000})
            assert (refused.value.status, refused.value.response.json()["error_type"]) == (500, "internal_error")
            go.touch()
            wait(lambda: any("cannot be written to the disk: database or disk is full" in line for line in fal.lines))
            assert running.status()["status"] == "IN_PROGRESS"  # its result is not on the disk
            assert waiting.status()["status"] in ("IN_QUEUE", "IN_PROGRESS")
            assert fal.run("demo", {"number": 4})["number"] == 4  # a direct call needs no disk
            upload = httpx.post(f"{fal.url}/cdn/files/upload", content=b"x" * 100_000)
            assert (upload.status_code, "No space left" in upload.json()["detail"]) == (507, True)
        assert [handle.get()["number"] for handle in (running, waiting)] == [1, 2]
        assert fal.submit("demo", {"number": 5}).get()["number"] == 5
    with fal_runtime.serve(root, state=small_disk) as fal:
        url = f"{fal.url}/queue/local/demo/requests/{running.request_id}"
        assert httpx.get(url).json()["number"] == 1
