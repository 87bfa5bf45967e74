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
from converters.verify.drawn import calls_without_ids
from converters.verify.observe import Event, Observation
from converters.verify.outcome import Outcome
from converters.verify.requests import Request
from converters.verify.sides import Sides, has_models
from converters.verify.target import Place


@pytest.mark.parametrize(
    ("packages", "expected"),
    [(["torch"], True), (["opentelemetry.exporter", "torch"], True), (["opentelemetry.exporter", "sentry_sdk"], False), ([], False)],
)
def test_what_only_watches_a_program_is_no_model(packages: list[str], expected: bool) -> None:
    assert has_models([Event(0, "import", name) for name in packages] + [Event(0, "call", "a()")]) is expected


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


class Drawing(Counted):
    """A side whose requests draw ids, and count, in an order of their own."""

    def __init__(self, order: list[int], more: dict[int, dict[str, Any]] | None = None) -> None:
        super().__init__(lambda body, number: None, [])
        self._order, self._more = order, more or {}

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        at = self._order[body["a"] - 1]
        found = {"id": f"{at}f3c2a1b-0000-4000-8000-0000000000{at:02}", "file": f"out-{at}abcdef0.png", "of": body["a"]}
        return Outcome("result", {**found, **self._more.get(body["a"], {})})

    def calls(self, number: int) -> list[str]:
        return [f"save('{at}abcdef0.png')" for at in self._order]


def asked_of(tmp_path: Path, source: Drawing, again: Drawing, target: Drawing) -> Any:
    tmp_path.mkdir(exist_ok=True)
    observations = [Observation(tmp_path / name, frozenset(), {}, []) for name in ("source", "again", "target")]
    return Sides(target, source, again, False, ThreadPoolExecutor(2), tuple(observations)).ask(TWO, stream=False)  # type: ignore[arg-type]


def test_which_request_draws_which_id_is_no_difference(tmp_path: Path) -> None:
    asked = asked_of(tmp_path, Drawing([1, 2]), Drawing([1, 2]), Drawing([2, 1]))
    assert not asked.differences and asked.reached


@pytest.mark.parametrize(
    ("more", "path"),
    [
        pytest.param({1: {"of": 2}, 2: {"of": 1}}, "$[0].result.of", id="the answer of another request"),
        pytest.param({1: {"id": "1f3c2a1b"}}, "$[0].result.id", id="an id of another form"),
        pytest.param({1: {"id": 7}}, "$[0].result.id", id="a number in its place"),
        pytest.param({1: {"file": "out.png"}}, "$[0].result.file", id="a name without one"),
    ],
)
def test_what_is_no_id_is_compared_of_requests_at_the_same_time(tmp_path: Path, more: dict[int, dict[str, Any]], path: str) -> None:
    asked = asked_of(tmp_path, Drawing([1, 2]), Drawing([1, 2]), Drawing([1, 2], more))
    assert path in [difference.path for difference in asked.differences]


def test_an_id_that_was_sent_is_an_answer(tmp_path: Path) -> None:
    sent = [{"a": 1, "key": "1abcdef0"}, {"a": 2, "key": "2abcdef0"}]
    source, target = (Counted(answer, []) for answer in (lambda body, number: body["key"], lambda body, number: "1abcdef0"))
    request = Request("together", "2 at the same time", sent, together=True)
    assert [one.path for one in sides(tmp_path, source, target).ask(request, stream=False).differences] == ["$[1].result"]


def test_a_counter_that_the_source_itself_shares_out_in_any_order_is_noise(tmp_path: Path) -> None:
    class Turning(Drawing):
        """Its second run turns the numbers round the second time it is asked."""

        def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
            at = body["a"] if number == 1 else 3 - body["a"]
            return Outcome("result", {"served": at})

    class Other(Drawing):
        def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
            return Outcome("result", {"served": 3 - body["a"]})

    class Steady(Drawing):
        def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
            return Outcome("result", {"served": body["a"]})

    assert not asked_of(tmp_path / "a", Steady([1, 2]), Turning([1, 2]), Other([1, 2])).differences
    assert asked_of(tmp_path / "b", Steady([1, 2]), Steady([1, 2]), Other([1, 2])).differences


@pytest.mark.parametrize("text", ["20240101", "deadbeef", "facade", "12345678901234567890", "xyz1abcdef0"])
def test_numbers_and_words_are_no_ids(text: str) -> None:
    assert calls_without_ids([text], []) == [text]
