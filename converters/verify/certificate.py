"""The certificate: what was sent to both sides, what came back, and what was not proven. It can be replayed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .compare import Difference
from .outcome import Fault, File, Kind, LocalPath, Outcome
from .servers.operations import Operation

Verdict = Literal["equivalent", "different", "not proven"]
_LONGEST = 4000


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Answer(Model):
    """What one side did with a request."""

    kind: Kind
    value: Any = None
    chunks: list[Any] | None = None
    calls: int = 0
    """How many calls of models, other machines and programs it made."""
    status: int = 0
    """Of a server's answer; 0 for a worker's."""
    headers: dict[str, Any] = Field(default_factory=dict)
    traceback: list[str] = Field(default_factory=list)
    """The last lines of what the app printed of the exception behind an error that only it answers."""

    @classmethod
    def of(cls, outcome: Outcome, calls: int) -> Answer:
        """The JSON form of an outcome: files as size and digest."""
        chunks = None if outcome.chunks is None else [plain(chunk) for chunk in outcome.chunks]
        value, headers = plain(outcome.value), plain(dict(outcome.headers))
        told = list(outcome.traceback)
        return cls(kind=outcome.kind, value=value, chunks=chunks, calls=calls, status=outcome.status, headers=headers, traceback=told)


class Differing(Model):
    """Where the sides differ."""

    path: str
    source: str
    target: str

    @classmethod
    def of(cls, difference: Difference) -> Differing:
        return cls(path=difference.path, source=difference.source, target=difference.target)


class Trial(Model):
    """One request and both answers."""

    number: int
    kind: str
    about: str
    body: Any
    operation: Operation | None = None
    """Which of a server's operations was asked, with the fields in ``body``."""
    stream: bool = False
    fault: Fault | None = None
    """Which call was made to fail."""
    together: bool = False
    """Whether the body is a list of bodies that were sent at the same time, and the answers the list of what came of each."""
    source: Answer
    target: Answer
    same: bool
    reached: bool
    """Both sides got as far as a call of a model (its double) and answered with a result."""
    narrowed: bool = False
    """The source took a value outside the type that the app declares; the app refuses it. No difference, but said."""
    differences: list[Differing] = Field(default_factory=list)
    printed: Differing | None = None
    """The first thing that only one side printed: no difference for a caller, but said."""
    not_proven: list[str] = Field(default_factory=list)
    """Paths at which two runs of the source differ from each other."""

    @field_validator("fault", mode="before")
    @classmethod
    def _was_a_number(cls, value: Any) -> Any:
        """Earlier certificates number the call; 0: none."""
        return None if value == 0 else value

    @model_validator(mode="after")
    def _lists_what_was_sent_together(self) -> Trial:
        if self.together and not isinstance(self.body, list):
            raise ValueError("the body of requests that were sent together is a list")
        return self


class Coverage(Model):
    """Statements of the project's own files that ran: `ran` of `lines`."""

    file: str
    lines: int
    source: int
    target: int
    never: list[int] = Field(default_factory=list)
    """Lines that ran on neither side, where both have the same file."""


class Breach(Model):
    """The smallest value that one schema allows and another does not: `path` is where, `why` the words of the validator."""

    value: Any
    path: str
    why: str

    @property
    def said(self) -> str:
        """In one line."""
        return f"{json.dumps(self.value, ensure_ascii=False)} ({self.path}: {self.why})"


class Schemas(Model):
    """The schemas of both sides."""

    source: str
    """Where the source's schemas are from."""
    refused: list[Breach] = Field(default_factory=list)
    """Requests that the source accepts and the app refuses."""
    fails_too: list[Breach] = Field(default_factory=list)
    """Requests that the source's code seems to accept and the app refuses, and on which the source fails: no difference."""
    changed: list[str] = Field(default_factory=list)
    """Other defaults, and fields that the app does not know."""
    outside: list[Breach] = Field(default_factory=list)
    """Answers that the app may give and the source's schema does not allow."""
    answered: list[Breach] = Field(default_factory=list)
    """Answers that the app gave to the requests, and that schema does not allow."""
    takes_more: list[Breach] = Field(default_factory=list)
    """Requests that the app accepts and the source refuses: no difference."""
    answers_less: list[Breach] = Field(default_factory=list)
    """Answers that the source's schema allows and the app never gives: no difference."""
    not_proven: list[str] = Field(default_factory=list)

    @property
    def breaches(self) -> Iterator[tuple[str, Breach]]:
        """Every breach with what it says, differences first."""
        for said, breaches in (
            ("the app refuses what the source takes", self.refused),
            ("the app may answer what the source's schema does not allow", self.outside),
            ("the app answered what the source's schema does not allow", self.answered),
            ("no difference: the app refuses what the source fails on", self.fails_too),
            ("no difference: the app takes more", self.takes_more),
            ("no difference: by its schema the app never answers", self.answers_less),
        ):
            yield from ((said, breach) for breach in breaches)

    @property
    def different(self) -> str:
        """The first thing that is a difference, in words; '' where nothing is."""
        if self.refused or self.outside or self.answered:
            said, breach = next(self.breaches)
            return f"{said}: {breach.said}"
        return f"the input is not the source's: {'; '.join(self.changed)}" if self.changed else ""


class Rehearsed(Model):
    """What came of the app's rehearsal: its image built, the app started in it and asked, if there was one."""

    verdict: str
    """`answered`, `started`, `built`, `failed` ..."""
    why: str = ""
    """What failed first, or why it was not rehearsed to the end."""
    place: str = ""
    """`file:line` of what failed."""

    @property
    def said(self) -> str:
        """In one line."""
        return ": ".join(filter(None, [self.verdict, self.place, self.why]))


class Certificate(Model):
    """The result for one app."""

    version: int = 1
    app: str
    platform: str
    source: str
    target: str
    verdict: Verdict
    why: str
    seed: int
    versions: dict[str, str]
    sdk: str = ""
    """The release of its platform's SDK under which the source ran, and why that one."""
    doubles: list[str]
    """Packages that were not there and were replaced."""
    traceback: list[str] = Field(default_factory=list)
    """The last lines of what the app printed of the exception with which it does not start."""
    loading: list[Differing] = Field(default_factory=list)
    """The first call of a model or a program that only one side makes while it loads, and whether only one starts."""
    schemas: Schemas | None = None
    """None where it did not come to comparing them."""
    trials: list[Trial] = Field(default_factory=list)
    coverage: list[Coverage] = Field(default_factory=list)
    not_proven: list[str] = Field(default_factory=list)
    not_enforced: list[str] = Field(default_factory=list)
    """What the project's code could reach of the machine that it should not, in words."""
    rehearsal: Rehearsed | None = None
    """None where it was not rehearsed."""
    seconds: float = 0.0

    @property
    def proven(self) -> int:
        """How many requests reached a model on both sides and were answered alike."""
        return sum(trial.same and trial.reached for trial in self.trials)


def plain(value: Any) -> Any:
    """A value as JSON: files and long texts by size and digest, with their beginning."""
    if isinstance(value, File):
        beginning = base64.b64encode(value.data[:24]).decode()
        return {
            "file": hashlib.sha256(value.data).hexdigest(),
            "bytes": len(value.data),
            "media_type": value.media_type,
            "begins": beginning,
        }
    if isinstance(value, LocalPath):
        return {"path": value.path, **plain(value.file)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str) and len(value) > _LONGEST:
        return {"text": hashlib.sha256(value.encode(errors="replace")).hexdigest(), "characters": len(value), "begins": value[:200]}
    return value
