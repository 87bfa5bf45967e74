from __future__ import annotations

import pytest

from fal_runtime.retries import MOST_ATTEMPTS, Outcome, Policy, again, delay, parse_config


@pytest.mark.parametrize(
    ("outcome", "retried"),
    [
        (Outcome(200), False),
        (Outcome(404), False),
        (Outcome(422), False),
        (Outcome(500), False),
        (Outcome(502), False),
        (Outcome(503), True),
        (Outcome(504), True),
        (Outcome(503, "runner_disconnected"), True),
        (Outcome(502, "runner_incomplete_response"), True),
        (Outcome(503, "runner_connection_refused"), True),
        (Outcome(504, "request_timeout"), True),
        (Outcome(499, "client_cancelled"), False),
        (Outcome(400, "bad_request"), False),
    ],
)
def test_what_the_platform_retries_by_itself(outcome: Outcome, retried: bool) -> None:
    assert again(Policy(), outcome, 1, {}) is retried


def test_there_are_at_most_ten_attempts() -> None:
    assert again(Policy(), Outcome(503), MOST_ATTEMPTS - 1, {})
    assert not again(Policy(), Outcome(503), MOST_ATTEMPTS, {})
    assert not again(Policy(request={"server_error": 50}), Outcome(503), MOST_ATTEMPTS, {})


@pytest.mark.parametrize(
    ("policy", "outcome", "used", "retried"),
    [
        (Policy(no_retry=True), Outcome(503, needs_retry=True), {}, False),
        (Policy(), Outcome(500, needs_retry=True), {}, True),
        (Policy(), Outcome(429, needs_retry=True), {}, True),
        (Policy(), Outcome(422, needs_retry=True), {}, False),
        (Policy(), Outcome(200, needs_retry=True), {}, False),
        (Policy(request={"server_error": 5}), Outcome(503, needs_retry=False), {}, False),
        (Policy(request={"server_error": 0}, app={"server_error": 5}), Outcome(503), {}, False),
        (Policy(request={"timeout": 0}, app={"server_error": 1}), Outcome(503), {}, True),
        (Policy(app={"server_error": 1}), Outcome(503), {"server_error": 1}, False),
        (Policy(app={"server_error": 1}), Outcome(503), {"timeout": 5}, True),
        (Policy(app={"server_error": 1}, skip=("server_error",)), Outcome(503), {}, True),
        (Policy(skip=("server_error",)), Outcome(503), {}, False),
        (Policy(skip=("timeout",)), Outcome(504, "request_timeout"), {}, False),
        (Policy(skip=("timeout",)), Outcome(503), {}, True),
        (Policy(skip=("connection_error",)), Outcome(503, "runner_connection_refused"), {}, False),
    ],
)
def test_who_is_heard_first(policy: Policy, outcome: Outcome, used: dict[str, int], retried: bool) -> None:
    assert again(policy, outcome, 1, used) is retried


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ('{"timeout": {"retries": 2}}', {"timeout": 2}),
        ('{"timeout": {"retries": -2}}', {"timeout": 0}),
        ({"server_error": {"retries": 1}}, {"server_error": 1}),
        ("not json", None),
        ('{"timeout": 2}', None),
        ('{"timeout": 2, "server_error": {"retries": 0}, "connection_error": {"retries": "x"}}', {"server_error": 0}),
        ('{"timeout": {"retries": 1e999}}', {"timeout": MOST_ATTEMPTS}),
        ('{"timeout": {"retries": NaN}, "server_error": {"retries": true}}', None),
        ("[" * 100_000, None),
        ("[]", None),
        (None, None),
    ],
)
def test_an_invalid_configuration_is_ignored_in_silence(value: object, parsed: dict[str, int] | None) -> None:
    assert parse_config(value) == parsed


def test_delays_grow_to_a_limit() -> None:
    delays = [delay(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert delays == sorted(delays)
    assert delays[0] == 0.25
    assert delays[-1] == 8.0
