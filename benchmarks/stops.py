"""Kills and graceful stops of a gateway under a full queue: ``python -m benchmarks.stops [--kills N] [--stops N] [--jobs N]``.

Printed are the requests that were acknowledged and lost, those that ran again though their result was on the disk, and those that a
graceful stop cut off, so that they had to run again: all of them 0, else the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fal_runtime.confinement.bounds import tree

APP = """
import time
import fal

class Demo(fal.App, name="demo", max_concurrency=2, min_concurrency=2):
    @fal.endpoint("/")
    def run(self) -> dict:
        id = self.current_request.request_id
        with open("/data/runs", "a") as file:
            file.write(f"began {id}\\n")
        time.sleep(0.02)
        with open("/data/runs", "a") as file:
            file.write(f"ended {id}\\n")
        return {}
"""


@dataclass
class Trial:
    """A project, its state, and what is known of its requests."""

    root: Path
    acknowledged: set[str] = field(default_factory=set)
    again: int = 0
    cut_off: int = 0
    _committed: set[str] = field(default_factory=set)
    _seen: int = 0

    def __post_init__(self) -> None:
        (self.root / "pyproject.toml").write_text('[tool.fal.apps.demo]\nref = "app.py::Demo"\n')
        (self.root / "app.py").write_text(APP)
        (self.root / "data").mkdir()
        (self.root / "data" / "runs").touch()

    def gateway(self) -> tuple[subprocess.Popen[str], str]:
        """A gateway that is open, and its URL."""
        command = [sys.executable, "-m", "fal_runtime", str(self.root), "--port", "0", "--data", str(self.root / "data")]
        process = subprocess.Popen(
            [*command, "--state", str(self.root / "state")], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            if match := re.match(r"demo: (http://[^/]+)", line):
                subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)  # nobody else reads what it says
                return process, match[1]
        raise SystemExit("the gateway did not start")

    async def fill(self, url: str, jobs: int) -> None:
        """Submit until so many requests wait."""
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=32), timeout=60) as client:
            size = (await client.get(f"{url}/rest/applications/local/demo/queue")).json()["size"]

            async def submit() -> None:
                answer = await client.post(f"{url}/queue/local/demo", json={})
                self.acknowledged.add(answer.raise_for_status().json()["request_id"])

            await asyncio.gather(*(submit() for _ in range(jobs - size)))

    def count(self, *, graceful: bool) -> None:
        """Look at the disk between two gateways."""
        lines = (self.root / "data" / "runs").read_text().splitlines()[self._seen :]
        self._seen += len(lines)
        began, ended = ({line.split()[1] for line in lines if line.startswith(word)} for word in ("began", "ended"))
        self.again += len(began & self._committed)
        with sqlite3.connect(self.root / "state" / "queue.db") as database:
            self._committed = {row[0] for row in database.execute("select id from request where finished is not null")}
        if graceful:
            cut_off = (began - ended) | (ended - self._committed)
            self.cut_off += len(cut_off)
            for id in cut_off:
                print(f"cut off: {id}, {'ended' if id in ended else 'not ended'}", file=sys.stderr)

    def lost(self) -> int:
        """Acknowledged requests without a result that says 200."""
        with sqlite3.connect(self.root / "state" / "queue.db") as database:
            done = {row[0] for row in database.execute("select id from request where status = 200")}
        return len(self.acknowledged - done)


def run(trial: Trial, kills: int, stops: int, jobs: int, chance: random.Random) -> None:
    """All of the kills and stops in any order, then until the queue is empty."""
    ends = [signal.SIGKILL] * kills + [signal.SIGTERM] * stops
    chance.shuffle(ends)
    for number, signum in enumerate(ends, 1):
        process, url = trial.gateway()
        asyncio.run(trial.fill(url, jobs))
        time.sleep(chance.uniform(0.0, 0.3))
        below = tree(process.pid)
        process.send_signal(signum)
        code = process.wait(60)
        while any(Path(f"/proc/{pid}").exists() for pid in below):  # a runner may write while it is killed
            time.sleep(0.01)
        if signum == signal.SIGTERM and code != 0:
            raise SystemExit(f"a graceful stop ended with exit code {code}")
        trial.count(graceful=signum == signal.SIGTERM)
        if number % 10 == 0:
            print(f"{number} of {len(ends)}: run again {trial.again}, cut off {trial.cut_off}", file=sys.stderr)
    process, url = trial.gateway()
    while httpx.get(f"{url}/rest/applications/local/demo/queue").json()["size"]:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    trial.count(graceful=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stops", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1000, help="requests that wait at every kill and stop")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stops-") as directory:
        trial = Trial(Path(directory))
        run(trial, options.kills, options.stops, options.jobs, random.Random(options.seed))
        lost = trial.lost()
        runs = Counter(line.split()[1] for line in (trial.root / "data" / "runs").read_text().splitlines() if line.startswith("began"))
    print(f"{options.kills} kills, {options.stops} graceful stops, {len(trial.acknowledged)} requests acknowledged, {runs.total()} runs")
    print(f"lost {lost}, run again after their result was written {trial.again}, cut off by a graceful stop {trial.cut_off}")
    return 1 if lost or trial.again or trial.cut_off else 0


if __name__ == "__main__":
    sys.exit(main())
