"""One served app: its runners, and the requests that wait for them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from . import autoscaler
from .errors import PlatformError, scheduling_failure, startup_timeout, stopping
from .runner import Runner, StartFailure, State
from .spec import HealthCheck, Scaling, Spec
from .traffic import Traffic

#: Seconds between two health checks of a runner (fal documentation, "Health checks").
CHECK_EVERY = 15.0
#: Seconds for which the end of a runner is remembered ("briefly" in fal's documentation, whose metrics are cached so long).
_DEAD_FOR = 10.0

RunnerFactory = Callable[[], Runner]
Notice = Callable[[str, str], None]


@dataclass(frozen=True)
class _Waiter:
    since: float
    request_id: str
    hint: str | None
    patient: bool
    runner: asyncio.Future[Runner]


class Application:
    """Gives each request a runner with room, starting and stopping runners as the autoscaler says.

    ``scaling`` may differ from ``spec.scaling`` (a floor of one runner is kept warm by default). No runner starts before
    :meth:`prepared` is called.
    """

    def __init__(self, spec: Spec, scaling: Scaling, factory: RunnerFactory, notice: Notice) -> None:
        self.spec = spec
        self.scaling = scaling
        self.runners: list[Runner] = []
        self.failure: PlatformError | None = None
        self.traffic = Traffic()
        self._factory = factory
        self._notice = notice
        self._waiting: deque[_Waiter] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._prepared = False
        self._draining = False
        self._ends: deque[float] = deque(maxlen=100)
        self._first_start = asyncio.Event()

    @property
    def dead(self) -> int:
        """Runners that have just ended."""
        return sum(time.monotonic() - end < _DEAD_FOR for end in self._ends)

    def describe(self) -> list[dict[str, Any]]:
        """Id, state and port of every runner, for a person; while a crash delays the next start, that as well."""
        described = [
            {"id": runner.id, "state": runner.state.value, "port": runner.upstream.port if runner.upstream else None}
            for runner in self.runners
        ]
        seconds = self._not_before - time.monotonic()
        return [*described, {"state": State.CRASH_BACKOFF.value, "seconds": round(seconds, 1)}] if seconds > 0 else described

    def notice(self, text: str) -> None:
        """Tell the person at the terminal."""
        self._notice(self.spec.name, text)

    def prepared(self) -> None:
        """What its runners are started in is there from now on."""
        self._prepared = True
        self.balance()

    def renew(self, spec: Spec, scaling: Scaling, factory: RunnerFactory) -> None:
        """The app was edited: runners that are started from now on are the new ones, and those of before end with what they work on."""
        self.spec, self.scaling, self._factory = spec, scaling, factory
        self._failures, self._not_before, self.failure = 0, 0.0, None
        for runner in self.runners:
            if not runner.stopping:
                self._spawn(runner.give_way())
        self.balance()

    def give_up(self, why: str) -> None:
        """No runner will ever start."""
        self.failure = scheduling_failure(why)
        self._refuse(self.failure)
        self._first_start.set()

    async def started(self) -> None:
        """Wait until the first runner is ready or has failed; at once where none is wanted."""
        self.balance()
        if self.runners:
            await self._first_start.wait()

    def try_acquire(self, request_id: str, hint: str | None = None) -> Runner | None:
        """A runner with room if there is one now, and nobody waits for it."""
        runner = self._pick(hint) if not self._waiting and not self._draining else None
        if runner is not None:
            runner.in_flight.add(request_id)
        return runner

    async def acquire(self, request_id: str, hint: str | None = None, *, since: float | None = None, patient: bool = False) -> Runner:
        """A runner with room, which then holds ``request_id`` until :meth:`release`.

        ``since`` is when the request arrived, on the monotonic clock. Raises PlatformError when no runner can be started;
        a ``patient`` request waits for the next attempt instead.
        """
        runner = self.try_acquire(request_id, hint)
        if runner is not None:
            return runner
        if self._draining:
            raise stopping()
        if not patient and self.failure is not None and not any(runner.ready_at for runner in self.runners):
            raise self.failure
        waiter = _Waiter(since or time.monotonic(), request_id, hint, patient, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self.balance()
        try:
            return await waiter.runner
        except asyncio.CancelledError:
            if waiter.runner.done() and not waiter.runner.cancelled() and waiter.runner.exception() is None:
                self.release(waiter.runner.result(), request_id)
            raise

    def release(self, runner: Runner, request_id: str) -> None:
        """The request is over; its place goes to the next one that waits."""
        runner.leave(request_id)
        runner.last_used = time.monotonic()
        if self._waiting:
            self._hand_out()
        elif not runner.in_flight:
            self.balance()

    def retire(self, runner: Runner) -> None:
        """End a runner whose answer asked for it; another one starts when it is needed."""
        if not runner.stopping:
            self._spawn(runner.stop())

    def examine(self, runner: Runner, *, thorough: bool) -> None:
        """Check a runner after a suspicious answer: does it accept connections, or (``thorough``) pass its health check."""
        self._spawn(self._examine(runner, thorough))

    async def _examine(self, runner: Runner, thorough: bool) -> None:
        if not await (runner.is_healthy() if thorough else runner.accepts()) and not runner.stopping:
            self.notice("the runner failed its health check and is replaced")
            runner.kill()

    def _pick(self, hint: str | None) -> Runner | None:
        """A runner that gave this hint, else the one that has waited longest (which makes it round robin)."""
        free = [runner for runner in self.runners if runner.has_room]
        if not free:
            return None
        if hint is not None:
            free = [runner for runner in free if hint in runner.hints] or free
        return free[0] if len(free) == 1 else min(free, key=lambda runner: (len(runner.in_flight), runner.last_used or 0.0))

    def _hand_out(self) -> None:
        while self._waiting:
            waiter = self._waiting[0]
            if not waiter.runner.done():
                runner = self._pick(waiter.hint)
                if runner is None:
                    break
                runner.in_flight.add(waiter.request_id)
                waiter.runner.set_result(runner)
            self._waiting.popleft()
        self.balance()

    def balance(self) -> None:
        """Ask the autoscaler and do as it says."""
        if self._draining or not self._prepared:
            return
        now = time.monotonic()
        alive = [runner for runner in self.runners if not runner.stopping]
        waiting = [waiter.since for waiter in self._waiting if not waiter.runner.done()]
        plan = autoscaler.plan(self._possible(), [runner.view() for runner in alive], waiting, now, self._not_before)
        for _ in range(plan.start):
            runner = self._factory()
            self.runners.append(runner)
            self._spawn(self._start(runner))
        for runner in alive:
            if runner.id in plan.stop:
                self._spawn(runner.stop())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if plan.check_at is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, plan.check_at - now) + 0.001, self.balance)

    def _possible(self) -> Scaling:
        """The scaling that a machine allows: a server that cannot be moved from its port has one runner.

        Whether it can be moved is not known before the first one is ready.
        """
        if not self.spec.brings_server or any(runner.ready_at and not runner.holds_own_port for runner in self.runners):
            return self.scaling
        return replace(self.scaling, max_concurrency=1)

    async def _start(self, runner: Runner) -> None:
        try:
            await runner.start()
        except StartFailure as failure:
            self.runners.remove(runner)
            self._ends.append(time.monotonic())
            self._failed(failure)
            return
        self._failures, self._not_before, self.failure = 0, 0.0, None
        if runner.holds_own_port and self.scaling.max_concurrency > 1:
            self.notice(
                f"its server holds port {self.spec.exposed_port} itself: here it has one runner, not up to {self.scaling.max_concurrency}"
            )
        self._first_start.set()
        self._hand_out()
        check = self.spec.health_check
        if check is not None and check.call_regularly:
            self._spawn(self._watch(runner, check))
        code = await runner.exited
        self._ends.append(time.monotonic())
        if runner in self.runners:
            self.runners.remove(runner)
        if not self._draining and (not runner.stop_asked or code not in (0, -signal.SIGKILL, -signal.SIGTERM)):
            self.notice(f"the runner ended by itself with exit code {code}; a new one starts when it is needed")
        self.balance()

    async def _watch(self, runner: Runner, check: HealthCheck) -> None:
        """Probe a runner now and then; too many failures in a row, once its start period is over, end it."""
        assert runner.ready_at is not None
        grace = max(check.start_period_seconds, self.spec.limits.startup_timeout)
        failures = 0
        while not runner.stopping:
            await asyncio.sleep(CHECK_EVERY)
            failures = 0 if await runner.is_healthy() else failures + 1
            if failures >= check.failure_threshold and time.monotonic() - runner.ready_at > grace and not runner.stopping:
                self.notice(f"the runner failed {failures} health checks in a row and is replaced")
                runner.kill()

    def _failed(self, failure: StartFailure) -> None:
        self._failures += 1
        delay = autoscaler.backoff(self._failures)
        self._not_before = time.monotonic() + delay
        self.failure = startup_timeout(self.spec.limits.startup_timeout) if failure.timed_out else scheduling_failure(str(failure))
        if not self._draining:
            self.notice(f"{failure}; next attempt in {delay:g} s")
        self._first_start.set()
        self._refuse(self.failure)
        self.balance()

    def _refuse(self, error: PlatformError, *, patient: bool = False) -> None:
        refused = [waiter for waiter in self._waiting if patient or not waiter.patient]
        for waiter in refused:
            self._waiting.remove(waiter)
            if not waiter.runner.done():
                waiter.runner.set_exception(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Give out no more runners, refuse what waits for one, and end each when what it works on is done (`Runner.drain`)."""
        self._draining = True
        if self._timer is not None:
            self._timer.cancel()
        self._refuse(stopping(), patient=True)
        await asyncio.gather(*(runner.drain() for runner in self.runners), return_exceptions=True)

    def kill(self) -> None:
        """End every runner at once, whatever it works on."""
        for runner in self.runners:
            runner.kill()

    async def close(self) -> None:
        """End what is left."""
        await self.drain()
        for task in self._tasks:
            task.cancel()
