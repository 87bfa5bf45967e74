"""The process that forks loaders and runners: its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from fal_runtime.errors import RuntimeFailure
from fal_runtime.zygote import Child, Zygote


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is started as the runtime does it, and not forked as for other tests."""
    monkeypatch.setattr("fal_runtime.zygote.subprocess", subprocess)


async def forked(zygote: Zygote, directory: Path) -> Child:
    command = {"op": "load", "project": str(directory), "path": "app.py", "cwd": str(directory), "env": {}}
    return await zygote.fork(command, lambda stream, text: None, lambda event: None)


def test_nothing_is_forked_once_it_is_closed(tmp_path: Path) -> None:
    async def run() -> None:
        zygote = Zygote(tmp_path, os.environ)
        await zygote.start()
        await zygote.close()
        with pytest.raises(RuntimeFailure, match="the runtime is stopping"):
            await forked(zygote, tmp_path)

    asyncio.run(run())


def test_a_signal_that_comes_late_reaches_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        zygote = Zygote(tmp_path, os.environ)
        await zygote.start()
        child = await forked(zygote, tmp_path)
        await zygote.close()
        assert child.exited.done()
        Child(zygote, 99).signal(signal.SIGTERM)

    asyncio.run(run())
