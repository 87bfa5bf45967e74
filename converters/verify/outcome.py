"""What came of a request on one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["result", "error", "refused", "silence"]
"""``refused``: by the schema of the endpoint, before any code of the project ran; ``silence``: no answer in time, or the process died."""


@dataclass(frozen=True)
class Outcome:
    """``value``: the result, or what is wrong; ``chunks``: what a stream held; ``stops``: whether the worker asked to be replaced.

    ``pauses``: for how long the project's code slept, each number of seconds once (how often it looks for something is a matter of
    speed); ``variables``: the declared environment variables as they were at the first call; ``identifiers``: the ids of
    the requests, where the platform chose them; ``effects`` and ``printed``: what the code did in its folders and printed meanwhile;
    ``machine``: what it asked the machine, such as whether it has a GPU, and how long it would wait for programs. Of a server's answer
    also the ``status`` and the application's ``headers``; ``boxed``: the content is that of a file, whose own headers the platform's file
    has not. ``answered``: an error that the code answered, and not an exception; ``traceback``: what a side printed of one.
    """

    kind: Kind
    value: Any
    chunks: tuple[Any, ...] | None = None
    stops: bool = False
    pauses: tuple[float, ...] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    machine: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    status: int = 0
    headers: Mapping[str, Any] = field(default_factory=dict)
    boxed: bool = False
    answered: bool = field(default=False, compare=False)
    traceback: tuple[str, ...] = field(default=(), compare=False)


class Fault(BaseModel):
    """A call that is made to fail in a request: ``call`` is a number of what it says, ``which`` one of those that say the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: int = Field(gt=0, lt=2**63)
    which: int = Field(default=1, gt=0, lt=2**31)
    text: str = ""


@dataclass(frozen=True)
class File:
    """A file among the values of an outcome: its content decides, not its name."""

    data: bytes
    media_type: str = ""


@dataclass(frozen=True)
class LocalPath:
    """A path that the source answers, with the file that lies there: the conversion uploads such files."""

    path: str
    file: File

    def as_answered(self, other: object) -> str | File:
        """The file where the other side answers a file, else the path."""
        return self.file if isinstance(other, File) else self.path


class SideFailed(Exception):
    """A side did not start: the message is the cause in the words of its log, the ``traceback`` what it printed of it."""

    def __init__(self, message: str, traceback: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.traceback = tuple(traceback)


class TargetFailed(SideFailed):
    """The converted app does not start, and its source does."""


class NotLoaded(SideFailed):
    """The app cannot even be deployed: its file fails on the deployer's machine, whatever its image holds."""


class Side(Protocol):
    """One of the programs that are compared."""

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        """Send request ``number`` and wait for its outcome."""

    def calls(self, number: int) -> list[str]:
        """What the code asked of models while it answered a request."""
