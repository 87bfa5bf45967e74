"""What the Dockerfile reader hands out: plain frozen values, every one with its lines.

Lines are 1-based and inclusive, byte offsets count from the start of the file. The meaning of every
instruction follows the Dockerfile reference (https://docs.docker.com/reference/dockerfile/).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Diagnostic:
    """Something in the file that Docker would refuse, or that could not be read."""

    line: int
    message: str


@dataclass(frozen=True)
class Heredoc:
    """The body of one `<<NAME` of a RUN, COPY or ADD."""

    name: str
    content: str  #: the lines between, as written
    line: int  #: first line of the body
    end_line: int  #: line of the terminator
    expand: bool  #: False when the name was quoted
    chomp: bool  #: `<<-`: leading tabs are dropped
    fd: int = 0

    @property
    def data(self) -> str:
        """The content as a program sees it: without leading tabs for `<<-`."""
        return "".join(line.lstrip("\t") for line in self.content.splitlines(keepends=True)) if self.chomp else self.content


@dataclass(frozen=True)
class Segment:
    """From `offset` on (characters of a joined text), the text stands in `line`, at `byte` of the file."""

    offset: int
    line: int
    byte: int


@dataclass(frozen=True)
class Instruction:
    """One instruction. `value` is the text after keyword and flags, its lines joined as Docker joins them."""

    keyword: str  #: upper case
    value: str
    line: int
    end_line: int
    stage: int | None  #: index of the build stage, None before the first FROM
    start: int  #: bytes `start:end` are the whole lines of the instruction, heredocs and last newline included
    end: int
    flags: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    escape: str = "\\"
    encoding: str = "utf-8"
    segments: tuple[Segment, ...] = field(default=(), repr=False)

    def line_at(self, offset: int) -> int:
        """The line in which character `offset` of `value` stands."""
        return self._segment(offset).line

    def byte_at(self, offset: int) -> int:
        """The byte of the file at which character `offset` of `value` stands."""
        segment = self._segment(offset)
        return segment.byte + len(self.value[segment.offset : offset].encode(self.encoding))

    def _segment(self, offset: int) -> Segment:
        if not self.segments:
            return Segment(0, self.line, self.start)
        return self.segments[max(0, bisect_right(self.segments, offset, key=lambda s: s.offset) - 1)]


@dataclass(frozen=True)
class Command:
    """A CMD, an ENTRYPOINT or the command of a HEALTHCHECK."""

    form: Literal["exec", "shell"]
    argv: tuple[str, ...] | None  #: of the exec form
    text: str
    line: int
    end_line: int
    shell: tuple[str, ...] = ("/bin/sh", "-c")  #: the SHELL in effect

    @property
    def words(self) -> tuple[str, ...]:
        """The argv that is run: of the shell form, the shell and the text."""
        return self.argv if self.argv is not None else (*self.shell, self.text)


@dataclass(frozen=True)
class EnvValue:
    """The value of a variable after expansion, and where it was set."""

    value: str
    line: int
    raw: str  #: as written
    unresolved: tuple[str, ...] = ()  #: names in it that the file does not set: the base image may (PATH)


@dataclass(frozen=True)
class Arg:
    """An ARG: `value` is None when neither the file nor the build arguments give one."""

    name: str
    value: str | None
    default: str | None  #: as written
    line: int


@dataclass(frozen=True)
class Port:
    """An EXPOSE entry; `last` differs from `port` for a range. Both are None when the text is no number."""

    text: str
    port: int | None
    last: int | None
    protocol: str
    line: int


@dataclass(frozen=True)
class Healthcheck:
    """A HEALTHCHECK; `command` is None for NONE. Times are in seconds, None where not stated."""

    command: Command | None
    line: int
    interval: float | None = None
    timeout: float | None = None
    start_period: float | None = None
    start_interval: float | None = None
    retries: int | None = None


@dataclass(frozen=True)
class Mount:
    """A `RUN --mount=...`; `from_stage` is a stage or an image."""

    type: str
    source: str | None
    target: str | None
    from_stage: str | None
    options: Mapping[str, str]


@dataclass(frozen=True)
class Copy:
    """A COPY or ADD. Sources are expanded, `dest` is absolute and ends with `/` where it must be a folder."""

    keyword: str
    sources: tuple[str, ...]
    dest: str
    from_stage: str | None  #: as written: a stage, its number or an image
    from_index: int | None  #: the stage of this file, if it is one
    files: tuple[Heredoc, ...]  #: sources given as heredocs
    flags: tuple[str, ...]
    stage: int
    line: int
    end_line: int
