"""Requests that follow from what came of others: with a failing model, at the same time, and smaller ones."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from .observe import Observation
from .outcome import Fault
from .requests import Request, smaller
from .servers.operations import Operation
from .sides import TOGETHER, Asked, Sent

_SHRINKING_TRIES = 24
_FAULTS = 4
"""How many calls, from the first, are made to fail, each in a request of its own."""
_GROUPS = 3
"""How many groups of requests are sent at the same time, one after the other."""


def telling(sent: Sequence[Sent], source: Observation) -> list[Request]:
    """The requests with which lines of the source ran for the first time."""
    return [request for request, _, asked in sent if source.ran_new_lines(asked.number)]


def faults(sent: Sequence[Sent], source: Observation, count: int) -> list[Request]:
    """The requests that reached a model with lines that had not run before, with each of its first calls failing once.

    Of calls that threads make, those that say something else than the others: which one of the same comes first is chance.
    """
    told = [(request, asked) for request, _, asked in sent if asked.reached and not request.together and source.ran_new_lines(asked.number)]
    found = {
        made.key: made
        for request, asked in told
        for at, fault in enumerate(_failable(source.fallible_calls(asked.number), in_order=asked.in_order), 1)
        for made in [replace(request, kind="fault", about=f"{request.about}, call {at} fails", fault=fault)]
    }
    return list(found.values())[:count]


def _failable(calls: Sequence[Fault], *, in_order: bool) -> Sequence[Fault]:
    """The calls of a request that are made to fail, as every run makes them."""
    if in_order:
        return calls[:_FAULTS]
    times = collections.Counter(fault.call for fault in calls)
    return sorted((fault for fault in calls if times[fault.call] == 1), key=lambda fault: fault.call)[:_FAULTS]


def together(sent: Sequence[Sent], at_a_time: int) -> Iterator[Request]:
    """Several requests at the same time, where the app takes several: of those that were answered, and failed ones to fill up."""
    if at_a_time < 2:
        return
    count = min(at_a_time, TOGETHER)
    found: dict[Operation | None, tuple[dict[str, Any], dict[str, Any]]] = {}
    for request, stream, asked in sent:
        answered, failed = found.setdefault(request.operation, ({}, {}))
        if asked.reached and not (stream or request.fault):
            answered.setdefault(request.key, request.body)
        elif (asked.before.kind, asked.after.kind) == ("error", "error") and not (stream or request.fault):
            failed.setdefault(request.key, request.body)
    for operation, (answered, failed) in found.items():
        bodies = list(answered.values())
        bodies += list(failed.values())[: count - len(bodies)] if 0 < len(bodies) < count else []
        for at in range(0, min(len(bodies), _GROUPS * count), count):
            group = [*bodies[at : at + count], *bodies][:count]
            made = Request("together", f"{len(group)} at the same time, {at // count + 1}", group, together=True)
            yield made.of(operation) if operation is not None else made


def smallest(
    request: Request,
    asked: Asked,
    ask: Callable[[Request], Asked | None],
    can_be_asked: Callable[[Request], bool],
    *,
    until: float,
) -> tuple[Request, Asked]:
    """The smallest request found that shows the first difference of this one, and what came of it.

    ``ask`` answers None where what came of a request says nothing; ``until`` is a time of the monotonic clock.
    """
    path, found, last = asked.differences[0].path, request, asked
    tries = 0
    found_smaller = True
    while found_smaller and tries < _SHRINKING_TRIES and time.monotonic() < until:
        found_smaller = False
        for body in smaller(found.body):
            candidate = replace(found, body=body)
            if not can_be_asked(candidate):
                continue
            tries += 1
            tried = ask(candidate)
            if tried is not None and any(difference.path == path for difference in tried.differences):
                found, last, found_smaller = candidate, tried, True
                break
            if tries >= _SHRINKING_TRIES or time.monotonic() > until:
                break
    return found, last
