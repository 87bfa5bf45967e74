"""Requests at the same time: each outcome by its place, calls in no order, and no verdict on what does not come again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from converters.verify.certificate import Answer, Trial
from converters.verify.observe import Observation
from converters.verify.outcome import Outcome
from converters.verify.requests import Request
from converters.verify.sides import Sides
from converters.verify.target import Place


class Counted:
    """A side that answers as told; it records no calls but those given."""

    place = Place("app")

    def __init__(self, answer: Callable[[Any, int], Any], calls: list[str], waits: int = 0) -> None:
        self._answer, self._calls = answer, calls
        self.asked = 0
        self._together = threading.Barrier(waits) if waits else None

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        if self._together is not None:
            self._together.wait(10)  # raises where they do not come at the same time
        self.asked += 1
        return Outcome("result", self._answer(body, number))

    def calls(self, number: int) -> list[str]:
        return self._calls


def sides(tmp_path: Path, source: Counted, target: Counted) -> Sides:
    observations = [Observation(tmp_path / name, frozenset(), {}, []) for name in ("source", "again", "target")]
    again = Counted(source._answer, source._calls)
    return Sides(target, source, again, False, ThreadPoolExecutor(2), tuple(observations))  # type: ignore[arg-type]


TWO = Request("together", "2 at the same time", [{"a": 1}, {"a": 2}], together=True)


def test_they_are_sent_at_the_same_time_and_compared_by_their_place(tmp_path: Path) -> None:
    source, target = (Counted(lambda body, number: body["a"], calls, waits=2) for calls in (["f(1)", "f(2)"], ["f(2)", "f(1)"]))
    asked = sides(tmp_path, source, target).ask(TWO, stream=False)
    assert asked.before.value == [{"result": 1}, {"result": 2}]
    assert not asked.differences and asked.reached


def test_what_follows_from_a_job_s_id_is_noise(tmp_path: Path) -> None:
    class Named(Counted):
        def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
            return Outcome("result", {"name": identifier[:8], "whole": identifier, "b": self._answer(body, number)})

    source, again, target = (Named(lambda body, number: body["a"], []) for _ in range(3))
    observations = [Observation(tmp_path / name, frozenset(), {}, []) for name in ("source", "again", "target")]
    asked = Sides(target, source, again, False, ThreadPoolExecutor(2), tuple(observations)).ask(  # type: ignore[arg-type]
        Request("plausible", "required fields", {"a": 1}), stream=False
    )
    assert (asked.differences, asked.noisy) == ([], frozenset({"$.name"}))


def test_calls_in_threads_have_no_order(tmp_path: Path) -> None:
    source, target = (Counted(lambda body, number: body["a"], calls) for calls in (["f(1)", "f(2)"], ["f(2)", "f(1)"]))
    both = sides(tmp_path, source, target)
    one = Request("plausible", "required fields", {"a": 1})
    assert [difference.path for difference in both.ask(one, stream=False).differences] == ["calls[0]"]
    log = both.observations[0].folder / "log"
    log.write_text(json.dumps({"request": 2, "kind": "call", "text": "f(1)", "aside": True}) + "\n")
    asked = both.ask(one, stream=False)
    assert (asked.differences, asked.in_order) == ([], False)


def test_what_always_differs_is_a_difference(tmp_path: Path) -> None:
    source, target = Counted(lambda body, number: body["a"], []), Counted(lambda body, number: 2, [])
    asked = sides(tmp_path, source, target).ask(TWO, stream=False)
    assert [difference.path for difference in asked.differences] == ["$[0].result"]


def test_what_differs_once_is_not_proven(tmp_path: Path) -> None:
    source, target = Counted(lambda body, number: body["a"], []), Counted(lambda body, number: 2 if number == 1 else body["a"], [])
    asked = sides(tmp_path, source, target).ask(TWO, stream=False)
    assert (asked.differences, asked.noisy) == ([], {"$[0].result"})
    assert target.asked == 6


def test_one_after_the_other_is_not_sent_again(tmp_path: Path) -> None:
    source, target = Counted(lambda body, number: 1, []), Counted(lambda body, number: 2, [])
    asked = sides(tmp_path, source, target).ask(Request("example", "example 1", {}), stream=False)
    assert [difference.path for difference in asked.differences] == ["$"]
    assert target.asked == 1


def test_a_certificate_that_lists_no_bodies_is_refused() -> None:
    answer = Answer(kind="result")
    with pytest.raises(ValidationError, match="is a list"):
        Trial(number=1, kind="together", about="", body={}, together=True, source=answer, target=answer, same=True, reached=True)


class Remembering(Counted):
    """A side that counts its requests, and one that turns some away before it does."""

    def __init__(self, refuses: bool) -> None:
        super().__init__(lambda body, number: body, [])
        self._refuses = refuses

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        if "name" not in body and self._refuses:
            return Outcome("refused", "name is missing")
        self.asked += 1
        return Outcome("error", "name") if "name" not in body else Outcome("result", {"count": self.asked, "name": body["name"]})


@pytest.mark.parametrize("name", ["Ann", "Bob"])
def test_what_depends_on_requests_that_the_app_refused_is_noise(tmp_path: Path, name: str) -> None:
    observations = [Observation(tmp_path / side, frozenset(), {}, []) for side in ("source", "again", "target")]
    source, again, target = Remembering(False), Remembering(False), Remembering(True)
    both = Sides(target, source, again, False, ThreadPoolExecutor(2), tuple(observations))  # type: ignore[arg-type]
    both.ask(Request("invalid", "a field is missing", {}), stream=False)
    asked = both.ask(Request("plausible", "required fields", {"name": name}), stream=False)
    assert (asked.differences, asked.noisy) == ([], frozenset({"$.count"}))


def test_what_is_remembered_without_a_refusal_is_compared(tmp_path: Path) -> None:
    observations = [Observation(tmp_path / side, frozenset(), {}, []) for side in ("source", "again", "target")]
    source, again, target = Remembering(False), Remembering(False), Remembering(True)
    target.asked = 1
    both = Sides(target, source, again, False, ThreadPoolExecutor(2), tuple(observations))  # type: ignore[arg-type]
    asked = both.ask(Request("plausible", "required fields", {"name": "Ann"}), stream=False)
    assert [difference.path for difference in asked.differences] == ["$.count"]
