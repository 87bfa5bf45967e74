"""How many runners an app should have: a pure function of its settings, its load and the time.

Rules and names are those of fal's documentation ("Scaling"): the target is the runners that the load needs plus a buffer,
between ``min_concurrency`` and ``max_concurrency``; idle runners go after ``keep_alive`` seconds, and a fresh one that was
never used after ten when neither ``min_concurrency`` nor a buffer asks for it. All times are seconds on any one clock, so
that scenarios and forecasts run on a virtual one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .spec import Scaling

#: Seconds after which a runner that never had a request is stopped.
NEVER_USED = 10.0


@dataclass(frozen=True)
class RunnerView:
    """What the autoscaler sees of a runner; ``ready_at`` is None while it starts, ``last_used`` until its first request ended."""

    id: str
    in_flight: int = 0
    ready_at: float | None = None
    last_used: float | None = None


@dataclass(frozen=True)
class Plan:
    """Start that many runners, stop these, and ask again at ``check_at`` if nothing else happens before."""

    start: int = 0
    stop: tuple[str, ...] = ()
    check_at: float | None = None


def plan(scaling: Scaling, runners: Sequence[RunnerView], waiting: Sequence[float], now: float, not_before: float = 0.0) -> Plan:
    """Decide for one app.

    ``waiting`` are the times at which the requests that have no runner yet arrived; ``not_before`` is the end of a crash
    backoff, until which nothing is started.
    """
    due = [since for since in waiting if now - since >= scaling.scaling_delay]
    target = desired(scaling, sum(runner.in_flight for runner in runners) + len(due))
    missing = target - len(runners)
    expiry = {runner.id: _expiry(scaling, runner) for runner in runners if runner.ready_at is not None and not runner.in_flight}
    expired = sorted((at, name) for name, at in expiry.items() if at <= now)
    stop = tuple(name for _, name in expired[: max(0, -missing)])
    times = [since + scaling.scaling_delay for since in waiting if since not in due]
    times += [at for at in expiry.values() if at > now]
    if missing > 0 and now < not_before:
        return Plan(0, stop, min([not_before, *times]))
    return Plan(max(0, missing), stop, min(times, default=None))


def desired(scaling: Scaling, load: int) -> int:
    """Runners for ``load`` requests in flight or waiting."""
    needed = math.ceil(load / max(1, scaling.max_multiplexing))
    buffer = max(scaling.concurrency_buffer, math.ceil(load * scaling.concurrency_buffer_perc / 100))
    return min(max(needed + buffer, scaling.min_concurrency), max(1, scaling.max_concurrency))


def _expiry(scaling: Scaling, runner: RunnerView) -> float:
    assert runner.ready_at is not None
    if runner.last_used is not None:
        return runner.last_used + scaling.keep_alive
    spare = not scaling.min_concurrency and not scaling.concurrency_buffer and not scaling.concurrency_buffer_perc
    return runner.ready_at + (NEVER_USED if spare else scaling.keep_alive)


def backoff(failures: int) -> float:
    """Seconds to wait before the next start after that many failed starts in a row: 30 more each time, at most 600."""
    return min(30.0 * failures, 600.0)
