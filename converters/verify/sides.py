"""Starts the converted app, and the source twice; sends them one request, or several at the same time, and tells what came of it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from fal_runtime.confinement import Support, support

from . import compare, drawn
from .observe import Event, Observation
from .outcome import NotLoaded, Outcome, Side, SideFailed, TargetFailed
from .requests import Request
from .target import Target

TOGETHER = 4
"""How many requests are sent at the same time at most."""
_AGAIN = 2
"""How often requests that were sent together and answered differently are sent again: in another order, they may be answered alike."""

_WATCHING = frozenset({"opentelemetry", "sentry_sdk", "prometheus_client", "ddtrace", "newrelic", "loguru", "structlog", "dotenv"})
"""Packages that watch or set up a program and are no model: an answer may say something without them."""


@dataclass
class Sides:
    """The converted app, and the source twice: where its two runs differ, nothing can be proven."""

    target: Target
    source: Side
    again: Side
    doubled: bool
    """Whether the project's models are doubles: then only a request that called one proves something."""
    pool: ThreadPoolExecutor
    """Of at least two threads."""
    observations: tuple[Observation, Observation, Observation]
    """Of the source, of its second run, and of the target."""
    numbers: int = 0
    apart: bool = False
    """Whether the source has been asked what the app refused, so that what it remembers may differ from what the app does."""

    def ask(self, request: Request, *, stream: bool) -> Asked:
        """One request to all three. What the source's server refuses is not sent on: the app may take more, but its state would differ."""
        asked = self._ask(request, stream)
        if request.together and asked.differences:
            return asked.recurring([self._ask(request, stream) for _ in range(_AGAIN)])
        return asked

    def _ask(self, request: Request, stream: bool) -> Asked:
        self.numbers += 1
        number = self.numbers
        for observation in self.observations:
            observation.let_fail(request.fault)
        source, again, target = self.observations
        running = self.pool.submit(_outcome, self.again, again, number, request, stream, "again")
        before = _outcome(self.source, source, number, request, stream)
        second = running.result()
        if before.kind == "refused":
            return Asked(number, before, before, [], [], [], frozenset(), [], self.doubled)
        after = _outcome(self.target, target, number, request, stream)
        for observation in self.observations:
            observation.let_fail(None)  # not while one starts afresh
        place = self.target.place
        before, second, after = (place.comparable(one) for one in (before, second, after))
        before, second = (place.renaming.aligned(one, after) for one in (before, second))
        if request.together:
            before, second, after = (drawn.without_ids(one, request.body) for one in (before, second, after))
        if after.kind == "refused" and not self.apart:
            self._tell_apart(request, stream)
        in_order = not (request.together or source.asks_in_threads(number))
        calls, calls_again, calls_after = (
            place.comparable_calls(_calls(side, number, found, in_order), request.body)
            for side, found in ((self.source, before), (self.again, second), (self.target, after))
        )  # fmt: skip
        if request.together:
            calls, calls_again, calls_after = (drawn.calls_without_ids(one, request.body) for one in (calls, calls_again, calls_after))
        unsteady = compare.unsteady(before, second, calls, calls_again)
        noisy = compare.noise(unsteady)
        untold = place.untold(before, after)
        noisy |= untold
        found = compare.proven(compare.differences(before, after, calls, calls_after), unsteady)
        kept = [one for one in found if one.path not in untold]
        if kept and after.kind == "error" and before.kind != "error":
            after = replace(after, traceback=self.target.traceback())
        prints = None if request.together else compare.of_prints(before, second, after)
        return Asked(number, before, after, calls, calls_after, kept, noisy, unsteady, self.doubled, prints, in_order)

    def _tell_apart(self, request: Request, stream: bool) -> None:
        """Ask the source's second run once more: what depends on the requests before is then noise, as it is between source and app."""
        self.apart = True
        self.numbers += 1
        _outcome(self.again, self.observations[1], self.numbers, request, stream, "apart")


class _Source(Protocol):
    def __call__(self, root: Path, observation: Observation, *, confinement: Support) -> contextlib.AbstractContextManager[Side]: ...


@contextlib.contextmanager
def started(
    folder: Path,
    observations: Sequence[Observation],
    target: Callable[[Observation], contextlib.AbstractContextManager[Target]],
    source: _Source,
) -> Iterator[Sides]:
    """All three at once, while the ``with`` block runs; ``observations`` are of the target and of both sources. Raises SideFailed."""
    probe = folder / "probe"
    probe.mkdir(parents=True)
    confinement = support(probe)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(2) as pool:

        def enter(name: str, observation: Observation) -> Side:
            return stack.enter_context(source(folder / f"{name}-root", observation, confinement=confinement))

        entering = [pool.submit(enter, name, observation) for name, observation in zip(("source", "again"), observations[1:], strict=True)]
        failures: list[SideFailed] = []
        cannot_load = False
        try:
            served = stack.enter_context(target(observations[0]))
        except SideFailed as failure:
            cannot_load = isinstance(failure, NotLoaded)
            failures.append(TargetFailed(f"the converted app does not start: {failure}", failure.traceback))
        sources = []
        for future in entering:
            try:
                sources.append(future.result())
            except SideFailed as failure:
                failures.insert(0, SideFailed(f"the source does not start: {failure}"))
        if len(failures) == 1 or cannot_load:
            raise next((failure for failure in failures if isinstance(failure, TargetFailed)), failures[0])
        if failures:
            raise SideFailed("; ".join(dict.fromkeys(map(str, failures))))
        doubled = has_models(observations[1].events())
        first, second = sources
        yield Sides(served, first, second, doubled, pool, (observations[1], observations[2], observations[0]))


def _outcome(side: Side, observation: Observation, number: int, request: Request, stream: bool, run: str = "") -> Outcome:
    """The outcome of a request with what was observed beside it, and without names that the sides do not share.

    Of several at the same time it is a result, the list of what came of each. Each ``run`` has ids of its own: what the code makes of
    them is noise.
    """
    bodies = request.payloads
    identifiers = [
        str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_OID, f"{run} {number} {at}").bytes, version=4)) for at in range(len(bodies))
    ]
    with ThreadPoolExecutor(max(len(bodies), 1)) as pool:
        running = [pool.submit(side.ask, number, name, body, stream=stream) for name, body in zip(identifiers, bodies, strict=True)]
        found = [_seen(observation, number, each.result(), name) for each, name in zip(running, identifiers, strict=True)]
    if not request.together:
        return found[0]
    names = tuple(name for each in found for name in each.identifiers)
    return replace(_seen(observation, number, Outcome("result", [_plain(each) for each in found]), ""), identifiers=names)


def _seen(observation: Observation, number: int, outcome: Outcome, identifier: str) -> Outcome:
    (identifier,) = outcome.identifiers or (identifier,)
    chunks = None if outcome.chunks is None else tuple(observation.relabelled(list(outcome.chunks), identifier))
    value = observation.relabelled(outcome.value, identifier)
    return replace(
        outcome,
        value=value,
        chunks=chunks,
        pauses=observation.pauses(number),
        variables=observation.variables_seen(number),
        effects=observation.effects(number),
        machine=observation.machine(number),
        printed=observation.printed(number),
        identifiers=(identifier,),
    )


def _plain(outcome: Outcome) -> dict[str, Any]:
    status = {"status": outcome.status} if outcome.status else {}
    chunks = {"chunks": list(outcome.chunks)} if outcome.chunks else {}
    return {outcome.kind: outcome.value, **chunks, **status}


def _calls(side: Side, number: int, outcome: Outcome, in_order: bool) -> list[str]:
    """What was asked of models, without the request's id; where it has no order of its own, sorted."""
    calls = side.calls(number)
    for name in outcome.identifiers:
        calls = [text.replace(name, "<request id>") for text in calls]
    return calls if in_order else sorted(calls)


@dataclass(frozen=True)
class Asked:
    """What came of one request."""

    number: int
    before: Outcome
    after: Outcome
    calls: list[str]
    calls_after: list[str]
    differences: list[compare.Difference]
    noisy: frozenset[str]
    unsteady: list[compare.Difference]
    """Where the two runs of the source differ."""
    doubled: bool
    prints: compare.Difference | None = None
    """Where what is printed differs, which changes nothing for a caller."""
    in_order: bool = True
    """Whether the calls have an order: not of several requests at the same time, nor where the project asks in threads of its own."""

    def again(self, served: Target, observation: Observation, request: Request, *, stream: bool) -> Asked:
        """The same request to another conversion, compared with what the source did here."""
        if self.before.kind == "refused":
            return self
        asked = self._again(served, observation, self.number, request, stream)
        if request.together and asked.differences:
            numbers = [self.number + 2**32 * (at + 1) for at in range(_AGAIN)]
            return asked.recurring([self._again(served, observation, number, request, stream) for number in numbers])
        return asked

    def _again(self, served: Target, observation: Observation, number: int, request: Request, stream: bool) -> Asked:
        observation.let_fail(request.fault)
        after = served.place.comparable(_outcome(served, observation, number, request, stream))
        observation.let_fail(None)
        calls = served.place.comparable_calls(_calls(served, number, after, self.in_order), request.body)
        if request.together:
            after, calls = drawn.without_ids(after, request.body), drawn.calls_without_ids(calls, request.body)
        untold = served.place.untold(self.before, after)
        found = compare.proven(compare.differences(self.before, after, self.calls, calls), self.unsteady)
        kept = [one for one in found if one.path not in untold]
        return replace(self, after=after, calls_after=calls, differences=kept, prints=None)

    def recurring(self, others: Sequence[Asked]) -> Asked:
        """The same without differences that came only once, and where the source's runs differ any time for any of the requests."""
        seen = {difference.path for other in others for difference in other.differences}
        unsteady = frozenset(drawn.field(path) for asked in (self, *others) for path in asked.noisy)
        found = [one for one in self.differences if one.path in seen]
        kept = [one for one in found if not compare.is_noise(drawn.field(one.path), unsteady)]
        once = {difference.path for difference in self.differences} - {difference.path for difference in kept}
        return replace(self, differences=kept, noisy=self.noisy | once)

    @property
    def reached(self) -> bool:
        """Both sides called a model (if there is one) and answered, and something of the answer is no noise."""
        if self.before.kind != "result" or self.after.kind != "result" or (self.doubled and not (self.calls and self.calls_after)):
            return False
        leaves = compare.leaves(list(self.before.chunks), "chunks") if self.before.chunks else compare.leaves(self.before.value)
        return any(not compare.is_noise(leaf, self.noisy) for leaf in leaves)


def has_models(events: Sequence[Event]) -> bool:
    """Whether the project imports a double that may be a model."""
    return any(event.kind == "import" and event.text.split(".")[0] not in _WATCHING for event in events)


Sent = tuple[Request, bool, Asked]
"""A request, whether it was streamed, and what came of it."""
