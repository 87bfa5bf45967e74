"""Runners within this process: an app that is a function, in the place of the SDK's server in a process of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from fal_runtime.application import Application
from fal_runtime.calls import Request
from fal_runtime.jobs import Job, policy_of
from fal_runtime.journal import Journal
from fal_runtime.queue import Queue
from fal_runtime.runner import Runner
from fal_runtime.spec import HealthCheck, Limits, Scaling, Spec
from fal_runtime.upstream import Upstream

Handler = Callable[[str, bytes], Awaitable[int]]
"""Takes path and body, returns the status."""


class Server:
    """One runner. It ends as the SDK's server does: told by SIGTERM, when what it works on is done."""

    holds_own_port = False
    serving = None

    def __init__(self, handler: Handler) -> None:
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.signals: list[int] = []
        self._handler = handler
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = 0
        self._ending = False
        self._server: asyncio.Server | None = None

    async def reachable(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Upstream("127.0.0.1", self._server.sockets[0].getsockname()[1])

    async def hint(self) -> str:
        return ""

    def signal(self, number: int) -> None:
        self.signals.append(number)
        self._ending = True
        if self._server is not None:
            self._server.close()
        if number == signal.SIGKILL:
            for writer in self._writers:
                writer.transport.abort()
        if (number == signal.SIGKILL or not self._working) and not self.exited.done():
            self.exited.set_result(-number)

    async def close(self) -> None:
        """End what is left of it."""
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # a connection that was just taken begins to be served
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(0)  # what was closed is gone

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._tasks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                words = head.decode().split()
                size = int(words[words.index("content-length:") + 1]) if "content-length:" in words else 0
                body = await reader.readexactly(size)
                self._working += 1
                status = 200 if words[1] == "/health" else await self._handler(words[1], body)
                self._working -= 1
                writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 2\r\n\r\n{}" % status)
                if self._ending and not self._working and not self.exited.done():
                    self.exited.set_result(-signal.SIGTERM)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


class StandIn:
    """Starts them, all with the same function for an app."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.started: list[Server] = []

    def runner(self, about: Spec) -> Runner:
        """One that is to be started."""
        return Runner(about, self, lambda runner, stream, text: None)

    async def start(self, runner: str, on_line: Any, on_event: Any) -> Server:
        self.started.append(Server(self._handler))
        return self.started[-1]


def spec(name: str = "demo", *, grace: float = 5, kind: Any = "app", settings: Mapping[str, Any] | None = None, **scaling: Any) -> Spec:
    """An app with the platform's defaults, but for what is named."""
    return Spec(
        name=name,
        kind=kind,
        ref=None,
        auth="private",
        scaling=Scaling(**{"min_concurrency": 1, "max_concurrency": 1, **scaling}),
        limits=Limits(termination_grace_period_seconds=grace),
        health_check=HealthCheck(call_regularly=False),
        exposed_port=None,
        python_version=None,
        requirements=None,
        image=None,
        files=(),
        patterns=(),
        app_files=False,
        entry_point=None,
        settings=settings or {},
    )


@asynccontextmanager
async def served(handler: Handler, about: Spec | None = None, by: Queue | None = None, prepared: bool = True) -> AsyncIterator[Application]:
    """An app that takes requests from a queue."""
    about = about or spec()
    backend = StandIn(handler)
    made = Application(about, about.scaling, lambda: backend.runner(about), lambda app, text: None)
    if prepared:
        made.prepared()
    if by is not None:
        await by.add(made)
    try:
        yield made
    finally:
        made.kill()
        await made.close()
        for server in backend.started:
            await server.close()


@asynccontextmanager
async def queue(directory: Path) -> AsyncIterator[Queue]:
    """A queue whose journal is there; leaving it is the end of its process by ``kill -9``, but for the thread."""
    journal = Journal(directory / "queue.db")
    journal.open()
    made = Queue("local", journal, lambda app, text: None)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
        journal.close()


def job(made: Queue, body: bytes = b"{}", id: str = "", **policy: Any) -> Job:
    """A request to the app ``demo``."""
    seq = made.next_seq()
    request = Request(id or f"request-{seq}", "local", "demo", "POST", b"/", b"", [], body)
    return Job(request, policy_of({}, **policy), seq=seq)


async def completed(one: Job) -> None:
    """Return once a job is completed."""
    changed = asyncio.Event()
    one.watchers.add(changed)
    while one.answer is None:
        changed.clear()
        await changed.wait()
