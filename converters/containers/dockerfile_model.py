"""What the Dockerfile reader hands out: plain frozen values, every one with its lines.

Lines are 1-based and inclusive, byte offsets count from the start of the file. The meaning of every
instruction follows the Dockerfile reference (https://docs.docker.com/reference/dockerfile/).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from converters.containers.shell import ShellCommand, is_shell, split


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


@dataclass(frozen=True)
class Run:
    """A RUN. `script` is what its shell reads, heredoc bodies included; `argv` is set for the exec form."""

    script: str
    argv: tuple[str, ...] | None
    shell: tuple[str, ...]  #: the program that reads `script`: the SHELL in effect, or the `#!` of a heredoc
    flags: tuple[str, ...]
    mounts: tuple[Mount, ...]
    heredocs: tuple[Heredoc, ...]
    workdir: str
    user: str | None
    stage: int
    line: int
    end_line: int
    segments: tuple[Segment, ...] = field(repr=False)  #: of `script`
    history: History = field(repr=False, compare=False)

    @property
    def env(self) -> dict[str, str]:
        """ENV and ARG values that the command sees, as far as the file tells."""
        return self.history.values()

    def commands(self) -> tuple[ShellCommand, ...]:
        """The simple commands of the script, with their lines in the Dockerfile."""
        if self.argv is not None:
            text = " ".join(self.argv)
            return (ShellCommand(self.argv, self.argv, text, self.line, self.end_line),)
        if not is_shell(self.shell):
            return (ShellCommand(self.shell, self.shell, self.script, self.line, self.end_line),)
        return split(self.script, self.line, lines=[(segment.offset, segment.line) for segment in self.segments])


@dataclass(frozen=True)
class History:
    """The variables at one point of a build, as a prefix of everything that was set: costs nothing to keep."""

    entries: list[tuple[str, str]]
    size: int

    def values(self) -> dict[str, str]:
        return dict(self.entries[: self.size])


@dataclass(frozen=True)
class Stage:
    """A build stage with everything that it inherits from earlier stages of the same file."""

    index: int
    name: str | None  #: lower case
    base: str  #: the reference after FROM, expanded
    base_stage: int | None  #: the earlier stage that `base` names
    base_image: str  #: the image that the chain of stages starts from
    platform: str | None
    line: int
    env: Mapping[str, EnvValue] = field(default_factory=dict)
    args: Mapping[str, Arg] = field(default_factory=dict)
    workdir: str = "/"
    workdir_line: int | None = None  #: None: the base image's WORKDIR applies, "/" is a guess
    cmd: Command | None = None
    entrypoint: Command | None = None
    expose: tuple[Port, ...] = ()
    user: str | None = None
    user_line: int | None = None
    healthcheck: Healthcheck | None = None
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, EnvValue] = field(default_factory=dict)
    stopsignal: str | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    onbuild: tuple[Instruction, ...] = ()  #: what the next stage that is FROM this one runs first
    copies: tuple[Copy, ...] = ()
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile that was read."""

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    args: Mapping[str, Arg]  #: the ARGs before the first FROM
    diagnostics: tuple[Diagnostic, ...]
    escape: str
    encoding: str

    def stage(self, target: str | None = None) -> Stage | None:
        """The stage that `docker build --target TARGET` builds: a name (any case) or number; the last one for None."""
        if target is None:
            return self.stages[-1] if self.stages else None
        named = [stage for stage in self.stages if stage.name == target.lower()]
        if named:
            return named[-1]
        return self.stages[int(target)] if target.isdecimal() and int(target[:9]) < len(self.stages) else None
