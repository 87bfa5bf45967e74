"""The benchmark of negated conditions: a case that asks for a condition notices its negation, and no other case does."""

from __future__ import annotations

import pytest

from benchmarks import conditions, noticing

FUNCTION = ("converters/sources/runpod/init_timeout.py", "apply")


def noticed(condition: str, *codes: str) -> str:
    """What notices the negation of a condition, of the cases of some rules."""
    every = conditions.every_condition()
    chosen = next(one for one in every if (str(one.file.relative_to(conditions.ROOT)), one.function) == FUNCTION and one.text == condition)
    numbers = [number for number, (rule, _) in enumerate(noticing.CASES) if rule.code in codes]
    assert numbers
    found = noticing.in_a_process(lambda: noticing.case_that_notices(chosen, numbers))
    assert isinstance(found, str)
    return found


@pytest.mark.whole
def test_a_case_of_its_rule_notices_a_negated_condition() -> None:
    assert noticed("seconds <= STARTUP_TIMEOUT", "RP052").startswith("RP052: ")


@pytest.mark.whole
def test_cases_that_do_not_get_there_notice_nothing() -> None:
    assert noticed("seconds <= STARTUP_TIMEOUT", "RP049") == ""


def test_a_process_that_a_negation_ends_says_how() -> None:
    assert noticing.in_a_process(lambda: [1][1]) == "the process ends with 1"
