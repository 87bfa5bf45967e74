"""What a rehearsal tells: how far an app came, the first step that failed, and what was not real."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Reached = Literal["nothing", "loaded", "built", "started", "answered"]
"""``answered``: at least one request was answered with a result; ``started``: ready, and its health check passes."""
Stage = Literal["load", "build", "fal", "start", "health", "request"]
"""Where it failed. ``fal``: fal's own packages, put into the interpreter that its runner will start, or the app's pickle in it."""
MOST_LINES = 30
"""Lines of output that a failure keeps."""


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Told):
    """A line of a file of the project; 0 for the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Failure(_Told):
    """The first step that failed."""

    stage: Stage
    what: str
    """The instruction, program or request."""
    why: str
    """What was found, one sentence."""
    todo: str = ""
    place: Place | None = None
    """In the project that was rehearsed."""
    source: Place | None = None
    """In the project that it was converted from, where the conversion's own record says so."""
    output: tuple[str, ...] = ()
    """The last lines that it printed."""


class StoodIn(_Told):
    """Something that was not the real one: a base image, a package, a host."""

    what: str
    by: str
    differs: tuple[str, ...] = ()


class Asked(_Told):
    """One request and its answer."""

    what: str
    body: str
    status: int
    """HTTP status; 0 where no answer came."""
    seconds: float


class Timing(_Told):
    """How long a part took."""

    what: str
    seconds: float
    cached: bool = False


class Rehearsal(_Told):
    """One app."""

    app: str
    kind: Literal["requirements", "image", "server", ""] = ""
    """What it runs in: an environment of requirements, an image with fal's Python in it, an image with a server of its own."""
    reached: Reached = "nothing"
    failure: Failure | None = None
    skipped: str = ""
    """Why it could not be rehearsed, or not to the end: nothing is said about what comes after."""
    python: str = ""
    """The minor version that fal would start."""
    stood_in: tuple[StoodIn, ...] = ()
    not_rehearsed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    requests: tuple[Asked, ...] = ()
    timings: tuple[Timing, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.failure is not None

    @property
    def verdict(self) -> str:
        """One word for a table."""
        return "failed" if self.failure else "not rehearsed" if self.skipped and self.reached in ("nothing", "loaded") else self.reached


def failed(rehearsals: Iterable[Rehearsal]) -> bool:
    """Whether any app failed."""
    return any(one.failed for one in rehearsals)


def tail(lines: Iterable[str]) -> tuple[str, ...]:
    """The last lines of an output that say something."""
    return tuple([line.rstrip() for line in lines if line.strip()][-MOST_LINES:])
