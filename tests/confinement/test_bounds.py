"""What ends a process tree that takes too much, where no control group does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fal_runtime.confinement import bounds
from fal_runtime.confinement.bounds import Bounds, available_memory, machine_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.fixture
def shell() -> Iterator[subprocess.Popen[bytes]]:
    """A process with one below it."""
    process = subprocess.Popen(["/bin/sh", "-c", "sleep 100; exit 3"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("before", "later", "group", "said"),
    [
        pytest.param(2**33, 2**20, "", "all but", id="it becomes scarce"),
        pytest.param(2**33, 2**33, "", "", id="there is enough"),
        pytest.param(2**20, 2**19, "", "", id="there was none before"),
        pytest.param(2**33, 2**20, "memory.max", "", id="a control group bounds it"),
        pytest.param(2**33, 2**20, "pids.max", "all but", id="a control group bounds processes alone"),
    ],
)
def test_a_tree_ends_where_the_machine_s_memory_becomes_scarce(
    shell: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, later: int, group: str, said: str
) -> None:
    (tmp_path / "group").mkdir()
    if group:
        (tmp_path / "group" / group).touch()
    monkeypatch.setattr(bounds, "_made", lambda *_: iter([tmp_path / "group"] if group else []))
    monkeypatch.setattr(bounds, "_remove", lambda _: None)
    monkeypatch.setattr(bounds, "available_memory", lambda: before)
    held = Bounds(100, machine_memory() * 2)
    held.hold(shell.pid)
    monkeypatch.setattr(bounds, "available_memory", lambda: later)
    try:
        if said:
            assert shell.wait(20) == 3, "what was below it was killed"
        else:
            time.sleep(3 * bounds._PERIOD)
            assert shell.poll() is None
    finally:
        held.close()
    assert held.exceeded.startswith(said) if said else not held.exceeded


def test_files_in_memory_are_not_available_memory() -> None:
    """What the floor is for: nobody has mapped these bytes, so that no process seems to have them."""
    size = 256 * 2**20
    program = (
        f"import os, sys; fd = os.memfd_create('x'); [os.write(fd, bytes(1 << 20)) for _ in range({size >> 20})]; print(1, flush=True)"
    )

    def held() -> int:
        before = available_memory()
        with subprocess.Popen(
            [sys.executable, "-c", f"{program}; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            assert bounds._memory(process.pid) < size // 2
            taken = before - available_memory()
            process.kill()
        return taken

    assert any(held() > size // 4 for _ in range(5)), "others give memory back meanwhile, but hardly that much each time"
