"""An id names a finding by what it is about, so that it outlasts changes that have nothing to do with it."""

from __future__ import annotations

import pytest

from converters.findings.identity import identified, named

Row = tuple[str, str, str, int]
"""Rule, file, what it is about, line."""


def ids(*rows: Row) -> list[str]:
    return [id for id, _ in identified(rows, lambda row: row[:3])]


def test_a_line_is_no_part_of_it() -> None:
    assert ids(("PF004", "app.py", "a.txt", 3)) == ids(("PF004", "app.py", "a.txt", 30))


def test_a_finding_before_it_leaves_it_alone() -> None:
    alone = ids(("PF004", "app.py", "b.txt", 9))
    assert ids(("PF004", "app.py", "a.txt", 3), ("PF004", "app.py", "b.txt", 10))[1:] == alone


@pytest.mark.parametrize("other", [("PF005", "app.py", "a.txt", 3), ("PF004", "lib.py", "a.txt", 3), ("PF004", "app.py", "b.txt", 3)])
def test_rule_file_and_subject_are(other: Row) -> None:
    assert ids(("PF004", "app.py", "a.txt", 3)) != ids(other)


def test_the_parts_cannot_be_taken_for_one_another() -> None:
    assert ids(("PF004", "app.pya", ".txt", 3)) != ids(("PF004", "app.py", "a.txt", 3))


def test_repeats_are_numbered_in_the_order_of_their_lines() -> None:
    first, second, third = ids(*(("ENV004", "app.py", "HF_TOKEN", line) for line in (1, 5, 9)))
    assert (second, third) == (f"{first}-2", f"{first}-3")


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("`runpod.paint` is not known: check it.", "runpod.paint"),
        ("the code reads the secret HF_TOKEN from the environment: set it.", "HF_TOKEN"),
        ("what is written to /models/cache is lost with the runner: move it.", "/models/cache"),
        ("look at https://fal.ai/docs/x first", ""),
        ("L is assumed (nothing asks for a GPU): choose the machine.", ""),
    ],
)
def test_a_message_names_its_subject(message: str, about: str) -> None:
    assert named(message) == about
