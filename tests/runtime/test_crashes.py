"""What is acknowledged survives kill -9 of the gateway, of a runner, and of both."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from .conftest import Served, gone

#: Raise them for the long form: CRASHES=200 REQUESTS=1000.
CRASHES = int(os.environ.get("CRASHES", "6"))
REQUESTS = int(os.environ.get("REQUESTS", "60"))

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
"""

APP = """
    import os, time
    import fal
    from pydantic import BaseModel

    class Input(BaseModel):
        number: int
        runs: str
        seconds: float

    class Demo(fal.App, name="demo", max_concurrency=1):
        @fal.endpoint("/")
        def run(self, input: Input) -> dict:
            with open(input.runs, "a") as file:
                file.write(f"{self.current_request.request_id}\\n")
            time.sleep(input.seconds)
            return {"number": input.number}

        @fal.endpoint("/pid")
        def pid(self, input: Input) -> dict:
            return {"pid": os.getpid()}
"""


def _port(served: Served) -> int:
    return int(served.url("demo").rpartition(":")[2].partition("/")[0])


def _runner(gateway: int) -> list[int]:
    """The runner's process: a grandchild of the gateway."""
    return [pid for zygote in _children(gateway) for pid in _children(zygote)]


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Submitter(threading.Thread):
    """Submits without a pause, whatever happens to the gateway; keeps what was acknowledged."""

    def __init__(self, runs: Path, pause: float) -> None:
        super().__init__(daemon=True)  # does not outlive a test that fails
        self.port = 0
        self.acknowledged: dict[str, int] = {}
        self.refused: list[str] = []
        self._runs = runs
        self._pause = pause

    def run(self) -> None:
        number = 0
        while len(self.acknowledged) < REQUESTS:
            number += 1
            body = {"number": number, "runs": str(self._runs), "seconds": self._pause}
            try:
                answer = httpx.post(f"http://127.0.0.1:{self.port}/queue/local/demo", json=body, headers=_RETRY)
            except httpx.HTTPError:  # nobody is there, or it went away before it acknowledged
                time.sleep(0.02)
                continue
            if answer.status_code == 200:
                self.acknowledged[answer.json()["request_id"]] = number
            else:
                self.refused.append(answer.text)
                time.sleep(0.02)


@pytest.mark.whole
def test_nothing_acknowledged_is_lost(project: Callable[..., Path], serve: Callable[..., Served], tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", time.time()))
    chance = random.Random(seed)
    root = project(pyproject_toml=PYPROJECT, app_py=APP)
    runs = tmp_path / "data" / "runs"
    runs.parent.mkdir()
    runs.touch()
    served = serve(root)
    submitter = Submitter(Path("/data/runs"), pause=0.02)
    submitter.port = _port(served)
    submitter.start()
    committed: dict[str, int] = {}
    for _ in range(CRASHES):
        time.sleep(chance.uniform(0.05, 1.0))
        victim = chance.choice(["gateway", "runner", "both"])
        everything = served.processes()
        committed.update(_committed(tmp_path, runs))
        if victim in ("runner", "both"):
            for pid in _runner(served.process.pid):
                _kill(pid)
        if victim in ("gateway", "both"):
            served.process.kill()
            served.process.wait(30)
            assert gone(everything)
            served = serve(root)
            submitter.port = _port(served)
    submitter.join()
    assert submitter.refused == []
    results = _results(served, submitter.acknowledged)
    assert results == submitter.acknowledged
    counts = collections.Counter(runs.read_text().split())
    again = {id: counts[id] for id, before in committed.items() if counts[id] != before}
    made, most = sum(counts.values()), max(counts.values())
    print(f"seed {seed}: {CRASHES} kills, {len(results)} acknowledged and answered, {made} runs, at most {most} of one, {len(again)} again")
    assert again == {}  # what was committed before a kill did not run again
    assert most <= 10


_RETRY = {"x-fal-retry-config": '{"server_error": {"retries": 9}, "connection_error": {"retries": 9}}'}


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _committed(tmp_path: Path, runs: Path) -> dict[str, int]:
    """Requests whose result is on the disk, with their number of runs so far."""
    database = sqlite3.connect(tmp_path / "state" / "queue.db")
    try:
        ids = [row[0] for row in database.execute("select id from request where finished is not null")]
    finally:
        database.close()
    counts = collections.Counter(runs.read_text().split())
    return {id: counts[id] for id in ids}


def _results(served: Served, acknowledged: dict[str, int]) -> dict[str, int]:
    base = f"http://127.0.0.1:{_port(served)}/queue/local/demo/requests"
    results = {}
    with httpx.Client() as client:
        for id in acknowledged:
            while (status := client.get(f"{base}/{id}/status")).status_code == 202:
                time.sleep(0.02)
            assert status.status_code == 200, f"{id}: {status.text}"
            results[id] = client.get(f"{base}/{id}").json()["number"]
    return results
