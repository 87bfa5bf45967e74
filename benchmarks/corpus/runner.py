"""What the platform does on a runner: unpickle an app and serve it (doubles stand in for what is not installed: see `run.py`)."""

from __future__ import annotations

import asyncio
import inspect
import os
import pickle
import sys
from pathlib import Path


def main(payload: str, port: str, workdir: str) -> None:
    os.chdir(workdir)
    os.environ.update(IS_ISOLATE_AGENT="1", FAL_RUNNER_STATE="PENDING", HF_HOME="/data/.cache/huggingface")
    function = pickle.loads(Path(payload).read_bytes())
    result = (
        function(exposed_port=int(port), exposed_metrics_port=int(port) + 1)
        if "exposed_metrics_port" in str(inspect.signature(function))
        else function()
    )
    if inspect.isawaitable(result):
        asyncio.run(_wait(result))


async def _wait(awaitable: object) -> None:
    await awaitable  # type: ignore[misc]


if __name__ == "__main__":
    main(*sys.argv[1:4])
