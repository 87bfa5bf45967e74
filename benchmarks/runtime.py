"""Figures of the runtime as ratios, measured in one run on one machine: ``python -m benchmarks.runtime [NAME ...]``.

Names: gateway, cold, queue, jobs, memory, flood. Each line says what was measured, the figure and the bar it is held against.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
BODY = b'{"prompt":"a cat"}'

APP = """
import fal
from pydantic import BaseModel

class Input(BaseModel):
    prompt: str

class Echo(fal.App, name="echo", max_multiplexing=16, max_concurrency=1):
    @fal.endpoint("/")
    async def run(self, input: Input) -> dict:
        return {"prompt": input.prompt}

class Pair(fal.App, name="pair", max_multiplexing=16, min_concurrency=2, max_concurrency=2):
    @fal.endpoint("/")
    async def run(self, input: Input) -> dict:
        return {"prompt": input.prompt}

async def answer(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"18")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"prompt":"a cat"}'})

@fal.function(exposed_port=8765, max_multiplexing=16, max_concurrency=1)
def raw():
    import uvicorn
    uvicorn.run(answer, host="0.0.0.0", port=8765, access_log=False, log_level="warning", lifespan="off")

@fal.function(exposed_port=8766, max_multiplexing=16, min_concurrency=2, max_concurrency=2)
def rawpair():
    import uvicorn
    uvicorn.run(answer, host="0.0.0.0", port=8766, access_log=False, log_level="warning", lifespan="off")
"""

PASS_THROUGH = """
import itertools, sys
from aiohttp import ClientSession, TCPConnector, web

ports = itertools.cycle(sys.argv[2:])
DROP = ("content-length", "transfer-encoding", "content-encoding")

async def handle(request):
    url = f"http://127.0.0.1:{next(ports)}{request.rel_url}"
    headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "transfer-encoding")}
    async with request.app["session"].request(request.method, url, headers=headers, data=await request.read()) as response:
        kept = {k: v for k, v in response.headers.items() if k.lower() not in DROP}
        return web.Response(status=response.status, body=await response.read(), headers=kept)

async def session(app):
    app["session"] = ClientSession(connector=TCPConnector(limit=0))
    yield
    await app["session"].close()

app = web.Application()
app.router.add_route("*", "/{path:.*}", handle)
app.cleanup_ctx.append(session)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


class Load(asyncio.Protocol):
    """One keep-alive connection that sends a request as soon as the last answer is there."""

    def __init__(self, request: bytes, end: float, latencies: list[float], done: asyncio.Semaphore) -> None:
        self.request, self.end, self.latencies, self.done = request, end, latencies, done
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", self.buffer[:head].lower()) if head >= 0 else None
        if length is None or len(self.buffer) < head + 4 + int(length[1]):
            return
        assert self.buffer.startswith(b"HTTP/1.1 2"), self.buffer
        self.buffer = b""
        self.latencies.append(time.perf_counter() - self.sent)
        if time.perf_counter() < self.end:
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.release()


def load(port: int, path: str, connections: int, seconds: float) -> tuple[float, float]:
    """Requests per second and median latency in milliseconds."""

    async def run() -> tuple[float, float]:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        latencies: list[float] = []
        done = asyncio.Semaphore(0)
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: Load(head.encode() + BODY, began + seconds, latencies, done), "127.0.0.1", port)
        for _ in range(connections):
            await done.acquire()
        return len(latencies) / (time.perf_counter() - began), statistics.median(latencies) * 1000

    return asyncio.run(run())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise TimeoutError(port)


@contextlib.contextmanager
def process(*command: str, cwd: Path | None = None, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(30)


@contextlib.contextmanager
def runtime(project: Path, apps: list[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The runtime in a process of its own, with some of the apps; yields its port once all of them answer."""
    (project / "pyproject.toml").write_text("".join(f'[tool.fal.apps.{app.lower()}]\nref = "app.py::{app}"\n' for app in apps))
    (project / "app.py").write_text(APP)
    port = free_port()
    options = ["--port", str(port), "--data", str(project / "data"), "--state", str(project / "state")]
    with process(sys.executable, "-m", "fal_runtime", str(project), *options, cwd=project) as child:
        wait_for(port)
        while not _all_idle(port, len(apps)):
            time.sleep(0.02)
        yield port, child


def _all_idle(port: int, apps: int) -> bool:
    """Whether every runner of so many apps waits for requests."""
    found = httpx.get(f"http://127.0.0.1:{port}/runners").json().values()
    return len(found) == apps and all(runners and all(runner["state"] == "IDLE" for runner in runners) for runners in found)


def runner_ports(gateway: int, app: str) -> list[int]:
    """The runners' own ports, from the debugging page of the gateway."""
    runners = httpx.get(f"http://127.0.0.1:{gateway}/runners").json()[app]
    return [runner["port"] for runner in runners if runner["state"] in ("IDLE", "RUNNING")]


def best(measure: Callable[[], tuple[float, float]], rounds: int) -> tuple[float, float]:
    """Medians over rounds."""
    results = [measure() for _ in range(rounds)]
    return statistics.median(rate for rate, _ in results), statistics.median(latency for _, latency in results)


def gateway(project: Path) -> None:
    for app in ("Echo", "Pair", "raw", "rawpair"):
        with runtime(project, [app]) as (port, _):
            name, script, through = app.lower(), project / "pass.py", free_port()
            runners = 2 if app.lower().endswith("pair") else 1
            while len(runner_ports(port, name)) < runners:
                time.sleep(0.05)
            script.write_text(PASS_THROUGH)
            with process(sys.executable, str(script), str(through), *map(str, runner_ports(port, name))):
                wait_for(through)
                ours, bare, one, one_bare = [], [], [], []
                for _ in range(5):  # interleaved, so that a slow moment of the machine hits both
                    ours.append(load(port, f"/local/{name}", 16, 2)[0])
                    bare.append(load(through, "/", 16, 2)[0])
                    one.append(load(port, f"/local/{name}", 1, 1)[1])
                    one_bare.append(load(through, "/", 1, 1)[1])
                rate, rate_bare, p50, p50_bare = map(statistics.median, (ours, bare, one, one_bare))
            kind = "raw ASGI" if app.startswith("raw") else "fal.App"
            print(f"{kind}, {runners} runner(s): {rate:.0f}/s, pass-through {rate_bare:.0f}/s: ratio {rate / rate_bare:.2f} (bar >= 0.9)")
            ratio = f"ratio {p50 / p50_bare:.2f} (bar <= 1.3)"
            print(f"{kind}, {runners} runner(s), 1 connection: p50 {p50:.2f} ms, pass-through {p50_bare:.2f} ms: {ratio}")
    with runtime(project, ["Echo"]) as (port, _):
        local, metrics = free_port(), free_port()
        options = ["--exposed-port", str(local), "--exposed-metrics-port", str(metrics)]
        with process(sys.executable, "-m", "fal", "run", "--local", "app.py::Echo", *options, cwd=project, FAL_KEY="a:b"):
            wait_for(local)
            rates = [(load(port, "/local/echo", 16, 2)[0], load(local, "/", 16, 2)[0]) for _ in range(5)]
            ours_rate, local_rate = (statistics.median(values) for values in zip(*rates, strict=True))
            print(f"fal.App through the gateway against `fal run --local` without one: ratio {ours_rate / local_rate:.2f} (stated)")


def cold(project: Path) -> None:
    """First answer of an app whose runner is not there, and of ``fal run --local``."""
    (project / "app.py").write_text(APP.replace("max_concurrency=1):", "max_concurrency=1, keep_alive=0):", 1))
    (project / "pyproject.toml").write_text('[tool.fal.apps.echo]\nref = "app.py::Echo"\n')
    port = free_port()
    options = ["--port", str(port), "--data", str(project / "data"), "--state", str(project / "state2"), "--scale-to-zero"]
    ours = []
    with process(sys.executable, "-m", "fal_runtime", str(project), *options, cwd=project):
        wait_for(port)
        url = f"http://127.0.0.1:{port}/local/echo"
        for _ in range(7):
            while httpx.get(f"http://127.0.0.1:{port}/runners").json().get("echo", True):
                time.sleep(0.1)
            time.sleep(0.6)
            began = time.perf_counter()
            httpx.post(url, content=BODY, headers={"content-type": "application/json"}, timeout=30).raise_for_status()
            ours.append(time.perf_counter() - began)
    theirs = []
    for _ in range(7):
        local, metrics = free_port(), free_port()
        began = time.perf_counter()
        command = [sys.executable, "-m", "fal", "run", "--local", "app.py::Echo", "--exposed-port", str(local)]
        with process(*command, "--exposed-metrics-port", str(metrics), cwd=project, FAL_KEY="a:b"):
            wait_for(local)
            httpx.post(f"http://127.0.0.1:{local}/", content=BODY, headers={"content-type": "application/json"}).raise_for_status()
            theirs.append(time.perf_counter() - began)
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"cold start to first answer: {a:.3f} s, `fal run --local` {b:.3f} s: ratio {a / b:.2f} (bar <= 0.4)")


def queue(project: Path) -> None:
    """What the queue adds to a call: submit, then the status stream until it is completed, then the result."""
    with runtime(project, ["raw"]) as (port, _), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        direct, queued, polled = [], [], []
        for _ in range(300):
            began = time.perf_counter()
            client.post("/local/raw", content=BODY)
            direct.append(time.perf_counter() - began)
            began = time.perf_counter()
            urls = client.post("/queue/local/raw", content=BODY).json()
            while client.get(urls["status_url"]).status_code != 200:
                pass
            polled.append(time.perf_counter() - began)
            client.get(urls["response_url"]).raise_for_status()
            queued.append(time.perf_counter() - began)
        a, b, c = (statistics.median(values) * 1000 for values in (direct, polled, queued))
        print(f"queue overhead p50: {b - a:.2f} ms until completed is seen, {c - a:.2f} ms with the result fetched (bar < 5 ms)")


def jobs(project: Path) -> None:
    """Jobs that are on the disk when they are accepted and when they are done, per second, against bare commits."""
    database = sqlite3.connect(project / "bare.db", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table job (id integer primary key, body blob)")
    began, commits = time.perf_counter(), 0
    while time.perf_counter() - began < 3:
        database.execute("begin immediate")
        database.execute("insert into job (body) values (?)", (BODY,))
        database.execute("commit")
        commits += 1
    bare = commits / (time.perf_counter() - began)
    with runtime(project, ["raw"]) as (port, _):
        began = time.perf_counter()
        rate, _ = load(port, "/queue/local/raw", 16, 5)
        submitted = time.perf_counter() - began
        while 'fal_app_queue_size{application="local/raw"} 0' not in httpx.get(f"http://127.0.0.1:{port}/metrics").text:
            time.sleep(0.02)
        done = rate * submitted / (time.perf_counter() - began)
    print(
        f"durable jobs: {done:.0f}/s to the end ({rate:.0f}/s accepted), bare commits {bare:.0f}/s: ratio {done / bare:.2f} (bar >= 0.25)"
    )


def memory(project: Path, requests: int = 100_000) -> None:
    """Resident memory of the gateway over many requests, direct and queued."""
    with runtime(project, ["raw"]) as (port, child):
        sizes = [_rss(child.pid)]
        for path in ("/local/raw", "/queue/local/raw"):
            done = 0.0
            while done < requests / 2:
                rate, _ = load(port, path, 16, 5)
                done += rate * 5
                while 'fal_app_queue_size{application="local/raw"} 0' not in httpx.get(f"http://127.0.0.1:{port}/metrics").text:
                    time.sleep(0.1)  # what waits is in memory, and is meant to be
                sizes.append(_rss(child.pid))
    print(f"gateway memory over {requests} requests, half of them queued: {' '.join(f'{size / 1024:.0f}' for size in sizes)} MiB")


def flood(project: Path, submits: int = 20_000) -> None:
    """Submits as fast as they are taken, twice, and until the last of them is done."""
    with runtime(project, ["raw"]) as (port, child):
        sizes = [_rss(child.pid)]
        for _ in range(2):
            began, taken = time.perf_counter(), 0.0
            while taken < submits:
                rate, _ = load(port, "/queue/local/raw", 64, 1)
                taken += rate
            accepted = time.perf_counter() - began
            while 'fal_app_queue_size{application="local/raw"} 0' not in httpx.get(f"http://127.0.0.1:{port}/metrics").text:
                time.sleep(0.1)
            drained = time.perf_counter() - began
            sizes.append(_rss(child.pid))
            print(f"flood: {taken:.0f} submits taken in {accepted:.1f} s (bar < 40 for {submits}), drained after {drained:.1f} s")
    print(f"memory of the gateway before and after each flood: {' '.join(f'{size / 1024:.0f}' for size in sizes)} MiB")


def _rss(pid: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1])


def main() -> None:
    benchmarks = {"gateway": gateway, "cold": cold, "queue": queue, "jobs": jobs, "memory": memory, "flood": flood}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*benchmarks, "all"], default="all", help=", ".join(benchmarks))
    names = parser.parse_args().names
    print(json.dumps({"cpus": os.cpu_count(), "python": sys.version.split()[0]}))
    for name in benchmarks if "all" in names else names:
        with tempfile.TemporaryDirectory() as directory:
            benchmarks[name](Path(directory))


if __name__ == "__main__":
    main()
