"""A coroutine that never awaits runs in a thread, and one that awaits on the runner's event loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.runpod.worker import app_of, converted, text_of

BLOCKING = [
    pytest.param("    return {'n': job['input']['n']}", id="no await"),
    pytest.param("    return await helper(job)", id="an await of a function that never awaits"),
    pytest.param("    return await Service().run(job)", id="an await of a method that never awaits"),
    pytest.param("    async def later():\n        await asyncio.sleep(1)\n    return 1", id="an await in a function that is not called"),
]
AWAITING = [
    pytest.param("    await asyncio.sleep(1)\n    return 1", id="asyncio"),
    pytest.param("    return await waiting(job)", id="a function that awaits"),
    pytest.param("    async with client() as found:\n        return found", id="async with"),
    pytest.param("    return [one async for one in client()]", id="an asynchronous comprehension"),
    pytest.param("    asyncio.create_task(waiting(job))\n    return 1", id="a task"),
    pytest.param("    return await client(job)", id="a function of a package"),
]
HELPERS = """
import asyncio
from package import client

async def helper(job):
    return {"n": job["input"]["n"]}

async def waiting(job):
    await asyncio.sleep(1)
    return await helper(job)

class Service:
    async def run(self, job):
        return await helper(job)
"""


@pytest.mark.parametrize("body", BLOCKING)
def test_a_handler_that_never_awaits_runs_in_a_thread(tmp_path: Path, body: str) -> None:
    start = "{'handler': handler, 'concurrency_modifier': lambda current: 4}"
    outcome = converted(tmp_path, f"{HELPERS}\nasync def handler(job):\n{body}\n", start=start)
    text = text_of(outcome)
    assert "    def generate(" in text and "async def" not in text
    assert "self.handler = lambda job: asyncio.run(handle(job))" in text
    assert "max_multiplexing" not in text


@pytest.mark.parametrize("body", AWAITING)
def test_a_handler_that_awaits_stays_on_the_event_loop(tmp_path: Path, body: str) -> None:
    start = "{'handler': handler, 'concurrency_modifier': lambda current: 4}"
    outcome = converted(tmp_path, f"{HELPERS}\nasync def handler(job):\n{body}\n", start=start)
    handler = app_of(outcome).handler
    assert handler is not None and handler.kind == "async" and not handler.coroutine
    assert "    async def generate(" in text_of(outcome) and "max_multiplexing = 4" in text_of(outcome)
