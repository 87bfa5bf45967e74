"""What an app's schema refuses and the source's code only seems to take: the source's own answer decides."""

from __future__ import annotations

from typing import Any

import pytest

from converters.verify.certificate import Breach, Schemas
from converters.verify.disputed import body, settle

BASE = {"text": "a cat", "tags": ["a"]}
ITEM = Breach(value={"text": "", "tags": [0]}, path="$.tags[0]", why="0 is not of type 'string'")
LACKING = Breach(value={"text": ""}, path="$", why="'tags' is a required property")
UNKNOWN = Breach(value={"text": "", "a": 0}, path="$", why="Additional properties are not allowed ('a' was unexpected)")


@pytest.mark.parametrize(
    ("breach", "required", "expected"),
    [
        pytest.param(ITEM, ["text"], {"text": "a cat", "tags": [0]}, id="the field that is refused, among others that are answered"),
        pytest.param(LACKING, ["text", "tags"], {"text": "a cat"}, id="a field that is left out"),
        pytest.param(UNKNOWN, ["text"], {**BASE, "a": 0}, id="a field that nobody knows"),
        pytest.param(Breach(value=0, path="$", why="0 is not of type 'object'"), [], BASE, id="what is no object says nothing of a field"),
    ],
)
def test_the_source_is_asked_with_nothing_else_that_it_could_fail_on(breach: Breach, required: list[str], expected: dict[str, Any]) -> None:
    assert body(breach, BASE, required) == expected


def test_what_the_source_fails_on_is_no_difference() -> None:
    schemas = Schemas(source="the code", refused=[ITEM, LACKING])
    settle(schemas, BASE, ["text", "tags"], lambda sent: sent.get("tags") == [0])
    assert (schemas.fails_too, schemas.refused) == ([ITEM], [LACKING])
    assert schemas.different == """the app refuses what the source takes: {"text": ""} ($: 'tags' is a required property)"""
    assert [said for said, _ in schemas.breaches] == [
        "the app refuses what the source takes",
        "no difference: the app refuses what the source fails on",
    ]


def test_what_the_source_answers_stays_a_difference() -> None:
    schemas = Schemas(source="the code", refused=[ITEM])
    settle(schemas, BASE, ["text"], lambda sent: False)
    assert (schemas.fails_too, schemas.refused) == ([], [ITEM])
