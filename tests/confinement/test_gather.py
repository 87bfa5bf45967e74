"""A program and everything that it starts end together, with or without namespaces."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fal_runtime.environments import Environments

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
ROOT = Path(__file__).parents[2]
GATHERED = """
import sys; sys.path.insert(0, ROOT)
from fal_runtime import confinement
confinement.gather()
import os, signal, subprocess, time
daemon = subprocess.Popen(["sleep", "100"], start_new_session=True, env={})
print(daemon.pid, flush=True)
END
"""


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize(
    ("end", "sent", "code"),
    [
        pytest.param("sys.exit(7)", None, 7, id="it ends"),
        pytest.param("os.kill(os.getpid(), signal.SIGABRT)", None, -signal.SIGABRT, id="it is killed"),
        pytest.param("time.sleep(100)", signal.SIGTERM, -signal.SIGKILL, id="it is told to end"),
    ],
)
def test_what_a_program_has_started_ends_with_it(end: str, sent: signal.Signals | None, code: int) -> None:
    program = GATHERED.replace("ROOT", repr(str(ROOT))).replace("END", end)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        daemon = int(process.stdout.readline())
        if sent is not None:
            assert _is_there(daemon)
            process.send_signal(sent)
        assert process.wait(20) == code
    assert not _is_there(daemon)


def test_an_installer_that_is_not_awaited_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = str(100_000 + os.getpid())
    program = tmp_path / "bin/uv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nsetsid sleep {seconds} &\necho started\nsleep {seconds}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def running() -> list[str]:
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if place.read_bytes() == f"sleep\0{seconds}\0".encode():
                    found.append(place.parent.name)
        return found

    async def cancelled() -> None:
        started = asyncio.Event()
        making = asyncio.ensure_future(Environments(tmp_path / "environments", {}).make([["a"]], lambda line: started.set()))
        await asyncio.wait_for(started.wait(), 30)
        assert _soon(lambda: len(running()) == 2)
        making.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await making

    asyncio.run(cancelled())
    assert _soon(lambda: not running())
