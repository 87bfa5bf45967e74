"""What is asked next, and what an answer does to it."""

from __future__ import annotations

from converters.answers import Answer
from converters.outcome import Hunk
from converters.review.proposals import Proposal
from converters.review.replay import ACCEPT
from converters.review.session import Session

REJECT = Answer("reject")


def proposal(id: str, *rules: str, path: str = "a.py") -> Proposal:
    return Proposal(id, path, 0, 1, 0, 1, b"", b"", tuple(Hunk(1, 1, rule, "why") for rule in rules))


A, B, C, D = (proposal("a", "RP001"), proposal("b", "FS001"), proposal("c", "FS001", "RP001"), proposal("d", "FS001", path="b.py"))


def test_all_of_a_rule_leaves_what_is_answered_and_what_another_rule_asks_for() -> None:
    session = Session((A, B, C, D), {})
    session.answer([B], REJECT)
    assert session.alike(D) == [D]
    assert session.alike(C) == [A, C, D]
    session.answer(session.alike(D), ACCEPT)
    assert session.answers == {"b": REJECT, "d": ACCEPT}
    assert session.current is A


def test_undo_takes_back_what_was_answered_at_once_then_the_plan() -> None:
    session = Session((A, B, C, D), {"a": ACCEPT, "gone": REJECT})
    assert (session.current, session.stale) == (B, 1)
    session.answer([B, D], REJECT)
    assert session.undo() and session.answers == {"a": ACCEPT}
    assert session.undo() and session.answers == {}
    assert not session.undo()


def test_reopening_a_file_keeps_what_was_edited_while_something_is_rejected() -> None:
    session = Session((A, B, C, D), {"a": Answer("edit", b"x"), "b": REJECT, "c": ACCEPT, "d": REJECT})
    session.reopen("a.py")
    assert set(session.answers) == {"a", "c", "d"}
    session.reopen("a.py")
    assert set(session.answers) == {"c", "d"}


def test_the_plan_is_in_the_order_of_the_changes() -> None:
    session = Session((A, B, C, D), {})
    session.answer([D, A], ACCEPT)
    session.answer([B], REJECT)
    assert [entry.id for entry in session.entries()] == ["a", "b", "d"]
    assert session.summary() == "3 of 4 decided: 2 accepted, 1 rejected"
