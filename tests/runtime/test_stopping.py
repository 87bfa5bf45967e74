"""The end of a runtime: by a signal, after which nothing is run again, and by ``kill -9``, after which what callers asked for is heeded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from fal_runtime.errors import PlatformError
from fal_runtime.jobs import COMPLETED, IN_QUEUE, Job

from .conftest import Served
from .stand_in import Handler, completed, job, queue, served, spec


class Held:
    """An app whose requests end when they are let go."""

    def __init__(self) -> None:
        self.runs: list[bytes] = []
        self.began = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, path: str, body: bytes) -> int:
        self.runs.append(body)
        self.began.set()
        await self.go.wait()
        return 200


async def _at_once(path: str, body: bytes) -> int:
    return 200


@pytest.mark.parametrize("kind", ["app", "image"])
def test_what_runs_is_finished_and_the_rest_stays_for_a_restart(tmp_path: Path, kind: str) -> None:
    async def run() -> None:
        held = Held()
        async with queue(tmp_path) as first, served(held, spec(kind=kind), first) as app:
            jobs = [job(first, body) for body in (b"one", b"two")]
            for one in jobs:
                await first.submit(one)
            await held.began.wait()
            (runner,) = app.runners
            first.drain()
            draining = asyncio.ensure_future(app.drain())
            await asyncio.sleep(0)
            for refused in (first.submit(job(first)), app.acquire("direct")):
                with pytest.raises(PlatformError, match="stopping"):
                    await refused
            held.go.set()
            await draining
            await first.settled(5)
            assert [one.state for one in jobs] == [COMPLETED, IN_QUEUE]
            assert runner.exited.result() == -signal.SIGTERM
        async with queue(tmp_path) as second, served(held, by=second):
            waiting = await second.find(jobs[1].id)
            assert waiting is not None
            await completed(waiting)
            done = await second.find(jobs[0].id)
            assert done is not None and done.answer is not None and done.answer.status == 200
        assert held.runs == [b"one", b"two"]

    asyncio.run(run())


def test_what_takes_longer_than_its_grace_period_is_cut_off_and_tried_again_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        held = Held()
        async with queue(tmp_path) as made, served(held, spec(grace=0), made) as app:
            one = job(made)
            await made.submit(one)
            await held.began.wait()
            made.drain()
            draining = asyncio.ensure_future(app.drain())
            await asyncio.sleep(0)
            app.kill()
            await draining
            await made.settled(5)
            assert one.state == IN_QUEUE
        again = await _after_restart(tmp_path)
        assert again.answer is not None and (again.answer.status, again.attempts) == (200, 2)

    asyncio.run(run())


async def _left_running(directory: Path, **policy: Any) -> None:
    """A request that was under way when its gateway was killed."""
    held = Held()
    async with queue(directory) as made, served(held) as app:
        await made.add(app)
        await made.submit(job(made, **policy))
        await held.began.wait()
        await made.close()


async def _after_restart(directory: Path, handler: Handler = _at_once, id: str = "request-1") -> Job:
    async with queue(directory) as made, served(handler, by=made):
        one = await made.find(id)
        assert one is not None
        await completed(one)
    return one


@pytest.mark.parametrize(
    ("policy", "status", "error_type"),
    [
        ({}, 200, None),
        ({"no_retry": True}, 503, "runner_disconnected"),
        ({"request": {"server_error": 0}}, 503, "runner_disconnected"),
        ({"request": {"timeout": 0}}, 200, None),
    ],
)
def test_a_killed_gateway_runs_again_what_its_callers_let_it(tmp_path: Path, policy: Any, status: int, error_type: str | None) -> None:
    async def run() -> None:
        await _left_running(tmp_path, **policy)
        one = await _after_restart(tmp_path)
        assert one.answer is not None
        assert (one.answer.status, one.answer.error_type) == (status, error_type)

    asyncio.run(run())


def test_a_budget_holds_over_restarts(tmp_path: Path) -> None:
    async def run() -> None:
        await _left_running(tmp_path, request={"server_error": 1})
        held = Held()
        async with queue(tmp_path) as second, served(held, by=second):
            await held.began.wait()
            await second.close()
        one = await _after_restart(tmp_path)
        assert one.answer is not None and (one.answer.status, one.attempts) == (503, 2)

    asyncio.run(run())


def test_what_waits_for_its_next_attempt_loses_none_by_a_kill(tmp_path: Path) -> None:
    async def run() -> None:
        async def fail(path: str, body: bytes) -> int:
            return 504

        async with queue(tmp_path) as made, served(fail, by=made):
            one = job(made, request={"server_error": 1})
            await made.submit(one)
            while not one.used:
                await asyncio.sleep(0)
            made.drain()
            await made.settled(5)
        done = await _after_restart(tmp_path)
        assert done.answer is not None and (done.answer.status, done.attempts) == (200, 2)

    asyncio.run(run())


def test_a_line_is_flushed_in_one_transaction(tmp_path: Path) -> None:
    async def run() -> None:
        held = Held()
        async with queue(tmp_path) as made, served(held, by=made):
            jobs = [job(made) for _ in range(300)]
            await asyncio.gather(*map(made.submit, jobs))
            await held.began.wait()
            commits: list[int] = []
            change = made._journal.change

            async def counted(work: Any) -> Any:
                commits.append(1)
                return await change(work)

            made._journal.change = counted  # type: ignore[method-assign]
            assert await made.flush("demo") == 299
            assert len(commits) == 1
            assert sum(one.answer is not None and one.answer.status == 499 for one in jobs) == 299

    asyncio.run(run())


SLOW = """
    import time
    from pathlib import Path
    import fal

    class Demo(fal.App, name="demo", max_concurrency=1):
        termination_grace_period_seconds = 60

        @fal.endpoint("/")
        def run(self) -> dict:
            Path("/data/began").touch()
            while not Path("/data/go").exists():
                time.sleep(0.01)
            return {"text": "done"}
"""


@pytest.mark.whole
@pytest.mark.parametrize("again", [False, True])
def test_a_signal_lets_a_direct_call_end_and_a_second_one_does_not(
    project: Callable[..., Path], serve: Callable[..., Served], tmp_path: Path, wait: Callable[..., None], again: bool
) -> None:
    (tmp_path / "data").mkdir()
    runtime = serve(project(pyproject_toml='[tool.fal.apps.demo]\nref = "app.py::Demo"\n', app_py=SLOW))
    url = runtime.url("demo")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(httpx.post, url, json={}, timeout=60)
        wait((tmp_path / "data" / "began").exists)
        runtime.process.send_signal(signal.SIGINT)
        runtime.line("^stopping: 1 request under way may finish")
        if again:
            runtime.process.send_signal(signal.SIGINT)
        else:
            (tmp_path / "data" / "go").touch()
        answer = call.result()
    assert (answer.status_code, runtime.process.wait(30)) == ((503, 0) if again else (200, 0))
