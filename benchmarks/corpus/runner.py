"""What the platform does on a runner: unpickle an app and serve it, with doubles for what is not installed."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path


def main(payload: str, port: str, workdir: str, own: str) -> None:
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    sys.path.append(here)
    os.chdir(workdir)
    os.environ.update(IS_ISOLATE_AGENT="1", FAL_RUNNER_STATE="PENDING", HF_HOME="/data/.cache/huggingface")
    import doubles  # type: ignore[import-not-found]

    sys.path.remove(here)
    doubles.PINS.update(json.loads(os.environ.get("DOUBLE_PINS", "{}")))
    doubles.install(set(json.loads(own)))
    run = subprocess.run
    subprocess.run = (
        lambda command, *args, **kwargs: (  # type: ignore[assignment]
            subprocess.CompletedProcess(command, 0) if command[:1] == ["bash"] else run(command, *args, **kwargs)
        )
    )  # the servers that a start script launches are not installed here
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
    main(*sys.argv[1:5])
