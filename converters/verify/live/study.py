"""Sends recorded requests to the old endpoint, twice, and to the app, and compares what came of them.

Where the old endpoint's own two answers differ nothing is proven. Files are compared by content wherever they lie.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from converters.verify import compare
from converters.verify.certificate import Answer, Certificate, Differing, Trial, Verdict
from converters.verify.data_uris import contents
from converters.verify.outcome import File, Outcome
from converters.verify.renaming import Renaming

from .endpoint import Endpoint, Recorded, asked, fetched, is_address


@dataclass
class Names:
    """What the app calls what the old endpoint answers: ``key`` holds a bare answer ('' for none, None where nobody said)."""

    renaming: Renaming
    key: str | None = None

    def answer(self, outcome: Outcome, *, is_bare: bool) -> Outcome:
        """The app's outcome under the old endpoint's names; ``is_bare``: that answers no object with names of its own."""
        if outcome.kind != "result":
            return outcome
        value = outcome.value
        key = self.key if self.key is not None else _only_key(value) if is_bare else ""
        if key and isinstance(value, dict) and key in value:
            value = value[key]
        return replace(outcome, value=self.renaming.answered(value))


@dataclass
class LiveStudy:
    """Both ends, and how they are asked: at most one request each ``pause`` seconds."""

    old: Endpoint
    new: Endpoint
    client: httpx.Client
    names: Names
    pause: float
    seconds: float
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = lambda text: None
    _last: float = -1e9

    def run(self, requests: Sequence[Recorded], certificate: Certificate) -> Certificate:
        """Fill in the certificate."""
        began = time.monotonic()
        for number, request in enumerate(requests, 1):
            self.say(f"request {number} of {len(requests)}")
            certificate.trials.append(self._trial(number, request))
        certificate.seconds = round(time.monotonic() - began, 1)
        certificate.verdict, certificate.why = _verdict(certificate.trials)
        certificate.not_proven = [f"{trial.about}: {path}" for trial in certificate.trials for path in trial.not_proven]
        return certificate

    def _trial(self, number: int, request: Recorded) -> Trial:
        first, again = self._ask(self.old, request), self._ask(self.old, request)
        new = self.names.answer(self._ask(self.new, request), is_bare=self.old.is_bare)
        first, again, new = (self._with_files(one) for one in (first, again, new))
        unsteady = compare.unsteady(first, again, (), ())
        noisy = compare.noise(unsteady)
        found = compare.proven(compare.differences(first, new, (), ()), unsteady)
        if first.kind == "silence" or again.kind == "silence":
            found, noisy = [], noisy | {"outcome"}
        told = first.kind == new.kind == "result" and any(not compare.is_noise(leaf, noisy) for leaf in compare.leaves(first.value))
        return Trial(
            number=number,
            kind="example",
            about=request.about,
            body=request.body,
            source=Answer.of(first, 0),
            target=Answer.of(new, 0),
            same=not found,
            reached=told,
            differences=[Differing.of(one) for one in found],
            not_proven=sorted(noisy),
        )

    def _ask(self, endpoint: Endpoint, request: Recorded) -> Outcome:
        self.sleep(max(0.0, self._last + self.pause - time.monotonic()))
        self._last = time.monotonic()
        return asked(endpoint, request)

    def _with_files(self, outcome: Outcome) -> Outcome:
        return replace(outcome, value=self._files(contents(outcome.value))) if outcome.kind == "result" else outcome

    def _files(self, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("url"), str) and value.keys() & {"content_type", "file_name", "file_size"}:
            found = contents(value["url"])
            return found if isinstance(found, File) else fetched(self.client, found, self.seconds)
        if isinstance(value, dict):
            return {key: self._files(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._files(item) for item in value]
        return fetched(self.client, value, self.seconds) if is_address(value) else value


def _only_key(value: Any) -> str:
    return next(iter(value)) if isinstance(value, dict) and len(value) == 1 else ""


def _verdict(trials: Sequence[Trial]) -> tuple[Verdict, str]:
    different = [trial for trial in trials if not trial.same]
    if different:
        first = different[0]
        return "different", f"{len(different)} of {len(trials)} requests differ, first at {first.differences[0].path} ({first.about})"
    proven = sum(trial.reached for trial in trials)
    if proven:
        return "equivalent", f"{len(trials)} requests were answered alike, {proven} of them with a result that the old endpoint repeats"
    return "not proven", "no request was answered by both with a result that the old endpoint repeats"
