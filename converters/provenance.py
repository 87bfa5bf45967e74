"""Where a value comes from, and how sure it is.

A **decision** is a value that the converter had to choose: the machine, the port, the start command. It says whether the project
states the value, it follows from what the project says, or nothing says it; what speaks for it; and what else was considered.

A front end records one where it decides, and later parts read it by its subject::

    app.decide(Decision.stated("port", 8080, "EXPOSE", origin))
    app.decide(Decision.derived("python", "3.11", "base image python:3.11", origin))
    app.decide(Decision.assumed("machine", "GPU-A100", "nothing asks for a GPU", rule="RP050", lost=[Candidate(value="L", why="...")]))

    machine = app.decision("machine")
    if machine is not None and machine.certainty is Certainty.ASSUMED: ...

`App.decide` replaces what was decided before about the same subject, so the last one stands. `--set` states its values in the same way.
A decision never changes: whoever knows better makes another one (`decision.model_copy(update=...)` keeps the rest).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Subject = Literal[
    "machine",
    "python",
    "image",
    "command",
    "port",
    "health",
    "openapi",
    "bind",
    "concurrency",
    "shutdown",
    "gpu",
    "handler",
    "dependencies",
]


class Model(BaseModel):
    """Base of every part of the model: unknown names are bugs."""

    model_config = ConfigDict(extra="forbid")


class Origin(Model):
    """Where a value was read: a path relative to the project, 1-based lines, both ends included."""

    file: str
    line: int
    end_line: int = 0

    def model_post_init(self, context: Any) -> None:
        self.end_line = max(self.end_line, self.line)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Certainty(str, Enum):
    """How a value is known."""

    STATED = "stated"
    """The project, or the person who converts it, says this very value."""
    DERIVED = "derived"
    """It follows from what the project says: a base image's tag, a framework's documented default."""
    ASSUMED = "assumed"
    """Nothing says it. Whoever deploys should look it up."""


class Frozen(Model):
    """A part of the model that never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Clue(Frozen):
    """Something that speaks for a decision: a sentence, and the place where it is read off (None where there is none)."""

    text: str
    origin: Origin | None = None


class Candidate(Frozen):
    """A value that was considered and lost; `why` is what speaks for it."""

    value: Any
    why: str
    origin: Origin | None = None


class Decision(Frozen):
    """A value that was chosen. `evidence`: what decided comes first. `rule`: the rule that tells a person to look it up; '' for none."""

    subject: Subject
    value: Any
    certainty: Certainty
    evidence: tuple[Clue, ...] = ()
    lost: tuple[Candidate, ...] = ()
    rule: str = ""

    @classmethod
    def stated(cls, subject: Subject, value: Any, why: str, origin: Origin | None = None, *, lost: Iterable[Candidate] = ()) -> Decision:
        """The project says this value: `why` names the construct (`EXPOSE`, `--set`)."""
        return cls(subject=subject, value=value, certainty=Certainty.STATED, evidence=(Clue(text=why, origin=origin),), lost=tuple(lost))

    @classmethod
    def derived(cls, subject: Subject, value: Any, why: str, origin: Origin | None = None, *, lost: Iterable[Candidate] = ()) -> Decision:
        """The value follows from what the project says."""
        return cls(subject=subject, value=value, certainty=Certainty.DERIVED, evidence=(Clue(text=why, origin=origin),), lost=tuple(lost))

    @classmethod
    def assumed(
        cls, subject: Subject, value: Any, why: str, origin: Origin | None = None, *, rule: str = "", lost: Iterable[Candidate] = ()
    ) -> Decision:
        """Nothing says the value; `why` says what made it the likely one. `rule` is the one under which a person is told to look it up."""
        evidence = (Clue(text=why, origin=origin),)
        return cls(subject=subject, value=value, certainty=Certainty.ASSUMED, evidence=evidence, lost=tuple(lost), rule=rule)

    @property
    def is_assumed(self) -> bool:
        return self.certainty is Certainty.ASSUMED

    @property
    def why(self) -> str:
        """What decided, in words; '' where nothing is recorded."""
        return self.evidence[0].text if self.evidence else ""

    @property
    def origin(self) -> Origin | None:
        """Where what decided is read off."""
        return self.evidence[0].origin if self.evidence else None
