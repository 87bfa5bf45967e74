"""One process that serves an app, and its states as fal names them."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from .autoscaler import RunnerView
from .engine import Backend, Process
from .errors import RuntimeFailure
from .spec import HealthCheck, Spec
from .upstream import Broken, Upstream

#: Seconds after which a request that was sent has reached its runner, and that a server has at least to end by itself.
_ON_THE_WAY, _LAST_WORDS = 1.0, 1.0


class State(str, Enum):
    """fal's names (fal 1.83, ``fal.sdk.RunnerState``), without those that belong to other machines."""

    PENDING = "PENDING"
    SETUP = "SETUP"
    IDLE = "IDLE"
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    CRASH_BACKOFF = "CRASH_BACKOFF"


class StartFailure(Exception):
    """The runner did not become ready; the text is one line for the person at the terminal."""

    def __init__(self, detail: str, *, timed_out: bool = False) -> None:
        super().__init__(detail)
        self.timed_out = timed_out


class Runner:
    """Starts, watches and stops one process."""

    def __init__(self, spec: Spec, backend: Backend, on_line: Callable[[Runner, str, str], None]) -> None:
        self.id = str(uuid.uuid4())
        self.spec = spec
        self.in_flight: set[str] = set()
        self._empty: asyncio.Future[None] | None = None
        self.ready_at: float | None = None
        self.last_used: float | None = None
        self.hints: frozenset[str] = frozenset()
        self.upstream: Upstream | None = None
        self._backend = backend
        self._on_line = on_line
        self._process: Process | None = None
        self.stop_asked = False
        self._failure: str | None = None

    @property
    def state(self) -> State:
        """Where the runner is in its life."""
        if self._process is None:
            return State.PENDING
        if self._process.exited.done():
            return State.TERMINATED
        if self.stop_asked:
            return State.DRAINING if self.in_flight else State.TERMINATING
        if self.ready_at is None:
            return State.SETUP
        return State.RUNNING if self.in_flight else State.IDLE

    @property
    def has_room(self) -> bool:
        """True if another request may be sent to it."""
        return self.ready_at is not None and not self.stop_asked and len(self.in_flight) < self.spec.scaling.max_multiplexing

    @property
    def stopping(self) -> bool:
        """True once it was told to end or has ended."""
        return self.stop_asked or (self._process is not None and self._process.exited.done())

    @property
    def exited(self) -> asyncio.Future[int]:
        """Resolves to the exit code. Only after :meth:`start` was called."""
        assert self._process is not None
        return self._process.exited

    @property
    def holds_own_port(self) -> bool:
        """True if its server listens on the very port that it names: it could not be moved, so there can be only one."""
        return self._process is not None and self._process.holds_own_port

    @property
    def serving(self) -> int | None:
        """The process that runs the app: the confined one, where one stands for it."""
        return None if self._process is None else self._process.serving

    def view(self) -> RunnerView:
        """What the autoscaler sees."""
        return RunnerView(self.id, len(self.in_flight), self.ready_at, self.last_used)

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises StartFailure."""
        try:
            self._process = await self._backend.start(self.id, self._line, self._event)
        except RuntimeFailure as failure:
            raise StartFailure(str(failure)) from None
        timeout = self.spec.limits.startup_timeout
        try:
            await asyncio.wait_for(self._until_ready(), timeout)
        except asyncio.TimeoutError:
            hint = await self._process.hint()
            self.kill()
            late = f"the runner was not ready within startup_timeout = {timeout:g} s"
            raise StartFailure(late + hint, timed_out=True) from None
        self.ready_at = time.monotonic()

    async def _until_ready(self) -> None:
        assert self._process is not None
        ready = asyncio.ensure_future(self._answers())
        try:
            first: set[asyncio.Future[Any]] = {ready, self._process.exited}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                ended = f"the runner ended with exit code {self._process.exited.result()} before it was ready"
                raise StartFailure(self._failure or ended + await self._process.hint())
            ready.result()
        finally:
            ready.cancel()

    async def _answers(self) -> None:
        assert self._process is not None
        self.upstream = await self._process.reachable()
        while not await self.is_healthy(first=True):
            await asyncio.sleep(0.05)

    async def is_healthy(self, *, first: bool = False) -> bool:
        """Probe the declared health path, or ``/health``; where none is declared any answer but a 502 will do.

        Raises nothing: a broken or silent runner is unhealthy. The first probe waits as long as the start may take.
        """
        check = self.spec.health_check or HealthCheck()
        assert self.upstream is not None
        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
        try:
            request = self.upstream.send(check.method, check.path.encode(), headers, b"")
            response = await asyncio.wait_for(request, None if first else check.timeout_seconds)
            await response.read()
            response.close()
        except (Broken, asyncio.TimeoutError):
            return False
        return response.status < 400 if self.spec.health_check else response.status != 502

    async def accepts(self) -> bool:
        """True if its port takes connections."""
        return self.upstream is not None and await self.upstream.accepts()

    def leave(self, request_id: str) -> None:
        """A request is over here."""
        self.in_flight.discard(request_id)
        if self._empty is not None and not self.in_flight and not self._empty.done():
            self._empty.set_result(None)

    def _line(self, stream: str, text: str) -> None:
        self._on_line(self, stream, _unwrapped(text))

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "failed":
            where = event.get("where")
            self._failure = f"{event.get('message')}{f' ({where})' if where else ''}"

    def stop(self) -> Coroutine[Any, Any, None]:
        """Take no more requests from now on; the coroutine sends SIGTERM, then SIGKILL after the app's grace period."""
        self.stop_asked = True
        return self._stop()

    async def give_way(self) -> None:
        """Take no more requests, and end once none is under way, however long that takes."""
        self.stop_asked = True
        if self.in_flight:
            self._empty = asyncio.get_running_loop().create_future()
            await self._empty
        await self._stop()

    async def drain(self) -> None:
        """Take no more requests, and end once none is under way, at the latest when the app's grace period is over.

        An app that the SDK serves learns of it a moment later, and answers what it has; another server might not, so that it is told when
        it has nothing left to do.
        """
        self.stop_asked = True
        grace = self.spec.limits.termination_grace_period_seconds
        began = time.monotonic()
        if self.in_flight:
            self._empty = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._empty], timeout=grace if self.spec.brings_server else min(grace, _ON_THE_WAY))
        await self._stop(max(began + grace - time.monotonic(), _LAST_WORDS))

    async def _stop(self, grace: float | None = None) -> None:
        if self._process is None:
            return
        self._process.signal(signal.SIGTERM)
        grace = self.spec.limits.termination_grace_period_seconds if grace is None else grace
        done, _ = await asyncio.wait([self._process.exited], timeout=grace)
        if not done:
            self.kill()
            await self._process.exited
        if self.upstream is not None:
            self.upstream.close()

    def kill(self, *, after: float = 0) -> None:
        """SIGKILL to the whole group; ``after`` some seconds in which one that ends by itself tells its own exit code."""
        self.stop_asked = True
        if self._process is not None and after:
            asyncio.get_running_loop().call_later(after, self.kill)
        elif self._process is not None:
            self._process.signal(signal.SIGKILL)


def _unwrapped(text: str) -> str:
    """A line of output; a traceback, which the SDK prints as one line of JSON, as text (the platform's logs do the same)."""
    if not text.startswith('{"traceback":'):
        return text
    try:
        return str(json.loads(text)["traceback"])
    except (ValueError, TypeError):
        return text
