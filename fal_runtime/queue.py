"""fal's queue: durable before it answers, in order, retried as the platform does, woken rather than polled."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import sqlite3
import time
import uuid
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from . import jobs, retries
from .application import Application
from .calls import Exchange, is_true, to_client
from .errors import PlatformError, request_timeout, stopping
from .jobs import COMPLETED, IN_PROGRESS, IN_QUEUE, Answer, Job
from .journal import Journal
from .retries import Outcome
from .runner import Runner

#: Finished requests that are kept at hand, and bytes of their results together; others are read from the journal.
_AT_HAND, _BYTES_AT_HAND = 64, 1 << 26
#: Bytes of one result, unless said otherwise, and of all results: the oldest give way to new ones.
MOST_RESULT, _MOST_RESULTS = 1 << 29, 1 << 33
#: Seconds for which a result can be fetched (fal documentation, "Webhooks": about one hour).
RESULT_TTL = 3600.0
#: Seconds between two attempts to write what the disk refuses.
_DISK_PAUSE = 1.0


class Queue:
    """The queued requests of every app.

    ``notice`` gets what a person should read, ``on_done`` each finished job that wants a webhook. A result has at most ``most`` bytes.
    """

    def __init__(
        self,
        owner: str,
        journal: Journal,
        notice: Callable[[str, str], None],
        most: int = MOST_RESULT,
    ) -> None:
        self.owner = owner
        self.on_done: Callable[[Job], None] = lambda job: None
        self._journal = journal
        self._notice = notice
        self._lines: dict[str, _Line] = {}
        self._draining = False
        self._jobs: dict[str, Job] = {}
        self._done: OrderedDict[str, Job] = OrderedDict()
        self._most = most
        self._results = 0
        """Bytes of the results that came since old ones were last deleted."""
        self._seq = itertools.count(1)
        self._running: dict[str, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Go on where a former process stopped counting."""
        last = await self._journal.change(lambda db: db.execute("select max(seq) from request").fetchone()[0])
        self._seq = itertools.count((last or 0) + 1)

    async def add(self, application: Application) -> None:
        """Take requests for an app from now on, and take up those that a former process left unfinished.

        A run that was under way when that died is one that lost its runner: what its caller and the app want to be tried again is.
        """
        name = application.spec.name
        select = "select * from request where finished is null and app = ? order by seq"
        rows = await self._journal.change(lambda db: db.execute(select, (name,)).fetchall())
        if (former := self._lines.get(name)) is not None:  # of an app that was given up
            former.drain()
            former.close()
        line = self._lines[name] = _Line(application, self._work)
        for job in (jobs.from_row(row, self.owner, application.spec.settings) for row in rows):
            self._jobs[job.id] = job
            lost = PlatformError(503, "runner_disconnected", "Runner disconnected")
            outcome = Outcome(lost.status, lost.error_type)
            if not job.was_running:
                self._enqueue(line, job)
            elif retries.again(job.policy, outcome, job.attempts, job.used):
                await self._again(line, job, outcome)
            else:
                await self._finish(job, Answer.from_error(lost))

    def next_seq(self) -> int:
        """The next place in the order of arrival."""
        return next(self._seq)

    def size(self, app: str) -> int:
        """Requests that wait for a runner."""
        return len(self._lines[app])

    async def submit(self, job: Job) -> None:
        """Accept a job: when this returns it is on the disk. Raises sqlite3.Error when it cannot be, PlatformError at the end."""
        if self._draining:
            raise stopping()
        line = self._lines[job.request.app]
        job.gateway_request_id = job.id
        runner = line.application.try_acquire(job.id, job.hint) if not len(line) else None
        job.attempts = 1 if runner is not None else 0
        try:
            await self._journal.change(lambda db: _insert(db, job.row()))
        except sqlite3.Error:
            if runner is not None:
                line.application.release(runner, job.id)
            raise
        self._jobs[job.id] = job
        if runner is not None:
            self._spawn(self._run(line, job, runner))
        else:
            self._enqueue(line, job)

    async def find(self, id: str) -> Job | None:
        """A job by its id, finished or not; None where there is none or its result has expired."""
        job = self._jobs.get(id) or self._done.get(id)
        if job is not None:
            return job
        row = await self._journal.change(lambda db: db.execute("select * from request where id = ?", (id,)).fetchone())
        if row is None or row["finished"] is None:
            return None
        line = self._lines.get(row["app"])
        return jobs.from_row(row, self.owner, line.application.spec.settings if line else {})

    def position(self, job: Job) -> int:
        """How many requests are ahead of it."""
        return self._lines[job.request.app].ahead(job)

    async def cancel(self, job: Job) -> None:
        """Withdraw a job that waits; tell the app of one that runs."""
        job.cancelled = True
        exchange = self._running.get(job.id)
        if exchange is not None:
            self._spawn(exchange.cancel())
        elif job.state == IN_QUEUE and self._lines[job.request.app].remove(job):
            await self._finish(job, Answer.from_error(_cancelled()))

    async def flush(self, app: str) -> int:
        """Cancel everything of an app that waits, in one transaction; returns how many."""
        waiting = [job for job in self._lines[app].waiting() if self._lines[app].remove(job)]
        answer = Answer.from_error(_cancelled())
        for job in waiting:
            job.cancelled = True
        await self._finish_all([(job, answer) for job in waiting])
        return len(waiting)

    def log(self, ids: set[str], stream: str, text: str) -> None:
        """A runner printed a line while these requests were on it."""
        for id in ids:
            if (job := self._jobs.get(id)) is not None:
                job.log(stream, text)

    def _enqueue(self, line: _Line, job: Job) -> None:
        job.state = IN_QUEUE
        if job.start_by is not None:
            delay = max(0.0, job.start_by - time.time())
            asyncio.get_running_loop().call_later(delay, lambda: self._spawn(self._start_timeout(line, job)))
        line.push(job)
        job.changed()

    async def _start_timeout(self, line: _Line, job: Job) -> None:
        if job.state == IN_QUEUE and line.remove(job):
            await self._finish(job, Answer.from_error(request_timeout("Request did not start in time", by_user=True)))

    async def _work(self, line: _Line, job: Job, runner: Runner) -> None:
        """Count the attempt, on the disk, then make it."""
        job.attempts += 1
        if await self._save({job: {"attempts": job.attempts, "not_before": 0.0, "gateway_request_id": job.gateway_request_id}}):
            await self._run(line, job, runner)
        else:
            line.application.release(runner, job.id)
            job.attempts, job.not_before = job.attempts - 1, time.time() + _DISK_PAUSE
            self._enqueue(line, job)

    async def _run(self, line: _Line, job: Job, runner: Runner) -> None:
        job.state = IN_PROGRESS
        job.changed()
        began = time.monotonic()
        exchange = self._running[job.id] = Exchange(line.application, runner, job.request)
        needs_retry = None
        try:
            response = await exchange.open()
            body = await exchange.read(self._most)
            for name, value in response.headers:
                if name == b"x-fal-needs-retry":
                    needs_retry = is_true(value)
            headers = [*to_client(response.headers), (b"x-fal-served-from", runner.id.encode())]
            answer = Answer.from_app(response.status, headers, body)
            outcome = Outcome(response.status, None, needs_retry)
        except PlatformError as error:
            answer, outcome = Answer.from_error(error), Outcome(error.status, error.error_type)
        finally:
            exchange.close()
            del self._running[job.id]
            await asyncio.sleep(0)  # lines that the app printed before it answered arrive in this turn
            line.application.release(runner, job.id)
        job.inference_time = time.monotonic() - began
        if not job.cancelled and retries.again(job.policy, outcome, job.attempts, job.used):
            await self._again(line, job, outcome)
        else:
            await self._finish(job, answer)

    async def _again(self, line: _Line, job: Job, outcome: Outcome) -> None:
        if outcome.condition is not None:
            job.used[outcome.condition] = job.used.get(outcome.condition, 0) + 1
        job.gateway_request_id = str(uuid.uuid4())
        job.not_before = time.time() + retries.delay(job.attempts)
        await self._save({job: {"used": json.dumps(job.used), "not_before": job.not_before}})
        self._enqueue(line, job)

    async def _save(self, changes: Mapping[Job, Mapping[str, Any]]) -> bool:
        def update(database: sqlite3.Connection) -> None:
            for job, values in changes.items():
                _update(database, job.id, values)

        try:
            await self._journal.change(update)
        except sqlite3.Error as error:
            first = next(iter(changes))
            self._notice(first.request.app, f"request {first.id} cannot be written to the disk: {error}")
            return False
        return True

    async def _finish(self, job: Job, answer: Answer) -> None:
        await self._finish_all([(job, answer)])

    async def _finish_all(self, done: Sequence[tuple[Job, Answer]]) -> None:
        """Complete jobs, once their results are on the disk: while that is full, they are not completed and nothing is lost."""
        rows = {job: job.result_row(answer, time.time()) for job, answer in done}
        while rows and not await self._save(rows):
            await asyncio.sleep(_DISK_PAUSE)
        for job, answer in done:
            self._completed(job, answer)
        if self._results > _MOST_RESULTS // 8:
            await self.expire()

    def _completed(self, job: Job, answer: Answer) -> None:
        job.answer, job.state = answer, COMPLETED
        self._jobs.pop(job.id, None)
        self._done[job.id] = job
        while len(self._done) > _AT_HAND or sum(map(_size, self._done.values())) > _BYTES_AT_HAND:
            self._done.popitem(last=False)
        job.changed()
        if job.webhook is not None:
            self.on_done(job)
        self._results += _size(job)

    async def expire(self, ttl: float = RESULT_TTL) -> None:
        """Forget results older than ``ttl`` seconds, and the oldest of too many, whose webhook is not still to be delivered."""
        self._results = 0
        await self._journal.change(lambda db: _expire(db, time.time() - ttl))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drain(self) -> None:
        """Take no more requests and start none; those that run go on."""
        self._draining = True
        for line in self._lines.values():
            line.drain()

    async def settled(self, timeout: float) -> None:
        """Wait until the results of what ran are on the disk, but not longer than ``timeout`` seconds."""
        working = [*self._tasks, *(task for line in self._lines.values() for task in line.tickets)]
        if working:
            await asyncio.wait(working, timeout=timeout)

    async def close(self) -> None:
        """Stop working; what is unfinished stays in the journal."""
        for line in self._lines.values():
            line.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _cancelled() -> PlatformError:
    return PlatformError(499, "client_cancelled", "Request was cancelled")


def _size(job: Job) -> int:
    return job.size_of_logs + (len(job.answer.body) if job.answer is not None else 0)


def _expire(database: sqlite3.Connection, before: float) -> None:
    kept = "finished is not null and next_delivery is null"
    database.execute(f"delete from request where finished < ? and {kept}", (before,))
    total = "sum(length(answer) + coalesce(length(logs), 0)) over (order by finished desc, id)"
    sized = f"select id, {total} as total from request where {kept}"
    database.execute(f"delete from request where id in (select id from ({sized}) where total > ?)", (_MOST_RESULTS,))


def _insert(database: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    database.execute(f"insert into request ({', '.join(row)}) values ({', '.join('?' * len(row))})", tuple(row.values()))


def _update(database: sqlite3.Connection, id: str, values: Mapping[str, Any]) -> None:
    database.execute(f"update request set {', '.join(f'{name} = ?' for name in values)} where id = ?", (*values.values(), id))


Worker = Callable[["_Line", Job, Runner], Coroutine[Any, Any, None]]


class _Line:
    """The requests of one app that wait. A few tickets stand in for them at the application's door.

    A ticket that gets a runner takes the request that is first in line by then, so that order and priority hold however long
    it waited.
    """

    def __init__(self, application: Application, work: Worker) -> None:
        self.application = application
        self._work = work
        self._heap: list[tuple[tuple[int, int], str]] = []
        self._waiting: dict[str, Job] = {}
        self._order: list[tuple[int, int]] = []  # sorted keys of what waits, for positions
        self.tickets: set[asyncio.Task[None]] = set()
        self._draining = False
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self) -> list[Job]:
        """The jobs that wait, in no order."""
        return list(self._waiting.values())

    def ahead(self, job: Job) -> int:
        """How many are before it."""
        return bisect_left(self._order, job.key)

    def push(self, job: Job) -> None:
        """Add a job, now or when its retry delay is over."""
        self._waiting[job.id] = job
        insort(self._order, job.key)
        pause = job.not_before - time.time()
        if pause > 0:
            asyncio.get_running_loop().call_later(pause, self._admit, job)
        else:
            self._admit(job)

    def _admit(self, job: Job) -> None:
        if job.id in self._waiting:
            heapq.heappush(self._heap, (job.key, job.id))
            self._issue()

    def remove(self, job: Job) -> bool:
        """Take a job out; False if it was not waiting any more."""
        if self._waiting.pop(job.id, None) is None:
            return False
        del self._order[bisect_left(self._order, job.key)]
        return True

    def _pop(self) -> Job | None:
        while self._heap:
            _, id = heapq.heappop(self._heap)
            job = self._waiting.get(id)
            if job is not None and self.remove(job):
                return job
        return None

    def _issue(self) -> None:
        scaling = self.application.scaling
        most = max(1, scaling.max_concurrency) * max(1, scaling.max_multiplexing)
        while len(self.tickets) < min(most, len(self._heap)) and not self._draining:
            task = asyncio.ensure_future(self._ticket(f"ticket-{next(self._numbers)}"))
            self.tickets.add(task)
            task.add_done_callback(self.tickets.discard)

    async def _ticket(self, name: str) -> None:
        while self._heap and not self._draining:
            first = self._waiting.get(self._heap[0][1])
            if first is None:
                heapq.heappop(self._heap)
                continue
            since = time.monotonic() - (time.time() - first.submitted)
            try:
                runner = await self.application.acquire(name, first.hint, since=since, patient=True)
            except PlatformError:
                return
            job = self._pop() if not self._draining else None
            if job is None:
                self.application.release(runner, name)
                return
            runner.in_flight.remove(name)
            runner.in_flight.add(job.id)
            await self._work(self, job, runner)

    def drain(self) -> None:
        """Start nothing more."""
        self._draining = True

    def close(self) -> None:
        """Withdraw the tickets."""
        for task in self.tickets:
            task.cancel()
