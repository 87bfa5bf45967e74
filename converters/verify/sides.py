"""One request to the converted app and to the source twice, and what came of it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from . import compare
from .observe import Observation
from .outcome import Outcome, Side
from .requests import Request
from .target import Target


@dataclass
class Sides:
    """The converted app, and the source twice: where its two runs differ, nothing can be proven."""

    target: Target
    source: Side
    again: Side
    doubled: bool
    """Whether the project's models are doubles: then only a request that called one proves something."""
    pool: ThreadPoolExecutor
    observations: tuple[Observation, Observation, Observation]
    """Of the source, of its second run, and of the target."""
    numbers: int = 0

    def ask(self, body: Any, *, stream: bool, fault: int = 0) -> Asked:
        """One request to all three. What the source's server refuses is not sent on: the app may take more, but its state would differ."""
        self.numbers += 1
        number = self.numbers
        for observation in self.observations:
            observation.let_fail(fault)
        identifier = str(uuid.UUID(int=number, version=4))
        running = self.pool.submit(self.again.ask, number, identifier, body, stream=stream)
        before = self.source.ask(number, identifier, body, stream=stream)
        second = running.result()
        if before.kind == "refused":
            return Asked(number, before, before, [], [], [], frozenset(), [], self.doubled)
        after = self.target.ask(number, identifier, body, stream=stream)
        for observation in self.observations:
            observation.let_fail(0)  # not while one starts afresh
        ids = (identifier, identifier, self.target.identifier)
        calls, calls_again, calls_after = (
            [text.replace(name, "<request id>") for text in side.calls(number)]
            for side, name in zip((self.source, self.again, self.target), ids, strict=True)
        )
        before, second, after = (
            _seen(side, number, found, name) for side, found, name in zip(self.observations, (before, second, after), ids, strict=True)
        )
        unsteady = compare.differences(before, second, calls, calls_again)
        noisy = compare.noise(unsteady)
        kept = compare.proven(compare.differences(before, after, calls, calls_after), unsteady)
        return Asked(number, before, after, calls, calls_after, kept, noisy, unsteady, self.doubled)


def _seen(observation: Observation, number: int, outcome: Outcome, identifier: str) -> Outcome:
    """The outcome of a request with what was observed beside it, and without names that the sides do not share."""
    chunks = None if outcome.chunks is None else tuple(observation.relabelled(list(outcome.chunks), identifier))
    value = observation.relabelled(outcome.value, identifier)
    return replace(outcome, value=value, chunks=chunks, pauses=observation.pauses(number), variables=observation.variables_seen(number))


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

    def again(self, served: Target, observation: Observation, request: Request, *, stream: bool) -> Asked:
        """The same request to another conversion, compared with what the source did here."""
        if self.before.kind == "refused":
            return self
        observation.let_fail(request.fault)
        after = served.ask(self.number, "", request.body, stream=stream)
        observation.let_fail(0)
        calls = [text.replace(served.identifier, "<request id>") for text in served.calls(self.number)]
        found = compare.differences(self.before, _seen(observation, self.number, after, served.identifier), self.calls, calls)
        kept = compare.proven(found, self.unsteady)
        return replace(self, after=after, calls_after=calls, differences=kept)

    @property
    def reached(self) -> bool:
        """Both sides called a model (if there is one) and answered, and something of the answer is no noise."""
        if self.before.kind != "result" or self.after.kind != "result" or (self.doubled and not (self.calls and self.calls_after)):
            return False
        leaves = compare.leaves(list(self.before.chunks), "chunks") if self.before.chunks else compare.leaves(self.before.value)
        return any(not compare.is_noise(leaf, self.noisy) for leaf in leaves)
