"""A review as a state: what is asked, what was answered, and what an input does to it. Prints and reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from converters.answers import DECISIONS, Answer, Answers, Entry
from converters.review.proposals import Proposal
from converters.review.replay import ACCEPT


@dataclass
class Session:
    """The proposals, with the answers so far. `earlier` are those of a plan, of which some may speak of nothing here."""

    proposals: tuple[Proposal, ...]
    earlier: Answers
    answers: dict[str, Answer] = field(default_factory=dict)
    history: list[tuple[str, ...]] = field(default_factory=list)
    """The ids that were answered at once, the last ones last."""

    def __post_init__(self) -> None:
        self.answers = {one.id: self.earlier[one.id] for one in self.proposals if one.id in self.earlier}

    @property
    def current(self) -> Proposal | None:
        """What is asked now: the first proposal without an answer."""
        return next((one for one in self.proposals if one.id not in self.answers), None)

    @property
    def stale(self) -> int:
        """How many answers of the plan speak of changes that there are no longer."""
        return len(self.earlier.keys() - {one.id for one in self.proposals})

    def number(self, proposal: Proposal) -> int:
        """Which one it is, counted from 1."""
        return self.proposals.index(proposal) + 1

    def answer(self, proposals: Iterable[Proposal], answer: Answer) -> None:
        """Decide one or several at once."""
        ids = tuple(one.id for one in proposals)
        self.answers |= dict.fromkeys(ids, answer)
        self.history.append(ids)

    def undo(self) -> bool:
        """Take the last answers back; without any of this session, the last one of the plan. False where there is none."""
        if not self.history:
            answered = [one.id for one in self.proposals if one.id in self.answers]
            self.history = [(answered[-1],)] if answered else []
        ids = self.history.pop() if self.history else ()
        for id in ids:
            self.answers.pop(id, None)
        return bool(ids)

    def reopen(self, path: str) -> None:
        """Take back the rejections of a file; where there are none, what was edited in it."""
        decisions = {one.id: self.answers.get(one.id, ACCEPT).decision for one in self.in_file(path)}
        wrong = "reject" if "reject" in decisions.values() else "edit"
        for id in (id for id, decision in decisions.items() if decision == wrong):
            del self.answers[id]
        self.history = []

    def alike(self, proposal: Proposal) -> list[Proposal]:
        """The open proposals that only rules of this one ask for; itself among them."""
        return [one for one in self.proposals if one.id not in self.answers and set(one.rules) <= set(proposal.rules)]

    def in_file(self, path: str) -> list[Proposal]:
        """All proposals of a file, answered or not."""
        return [one for one in self.proposals if one.path == path]

    def entries(self) -> list[Entry]:
        """The answers in the order of the proposals, as a plan has them."""
        return [Entry(one.id, self.answers[one.id], one.path, one.line, one.rules) for one in self.proposals if one.id in self.answers]

    def summary(self) -> str:
        """The answers, counted."""
        decisions = [answer.decision for answer in self.answers.values()]
        words = dict(zip(DECISIONS, ("accepted", "rejected", "edited"), strict=True))
        counts = ", ".join(f"{decisions.count(name)} {words[name]}" for name in DECISIONS if name in decisions)
        return f"{len(decisions)} of {len(self.proposals)} decided" + (f": {counts}" if counts else "")


KEYS: Sequence[tuple[str, str]] = (
    ("y", "accept this change"),
    ("n [WHY]", "reject it: the lines stay as they are, and the report leaves it to a person"),
    ("e", "edit what is written, in $VISUAL or $EDITOR"),
    ("a", "accept everything that is left of this rule"),
    ("r [WHY]", "reject everything that is left of this rule"),
    ("x", "explain the rule"),
    ("v", "view the change in full"),
    ("u", "undo the last answer"),
    ("q", "quit; the same command goes on from here"),
)
"""What a person can type, a line each."""
