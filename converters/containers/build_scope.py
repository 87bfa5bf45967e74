"""What a build knows while its stages are read: arguments, variables, earlier stages, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from converters.containers.dockerfile_model import Arg, Diagnostic, History, Stage
from converters.containers.expansion import MAX_EXPANSION, Lexer, WordError

#: Arguments that BuildKit gives to every build that declares them; fal builds for linux/amd64.
PREDEFINED = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
}
MAX_EXPANDED = 1 << 23  #: characters of expanded text in one file


@dataclass
class Build:
    """What the whole file shares: global ARGs, the stages so far, what went wrong."""

    build_args: Mapping[str, str]
    globals: dict[str, str] = field(default_factory=lambda: dict(PREDEFINED))
    args: dict[str, Arg] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    expanded: int = 0

    def report(self, line: int, message: str) -> None:
        self.diagnostics.append(Diagnostic(line, message))

    def find(self, name: str, *, numbers: bool = False) -> int | None:
        """The index of the stage called `name` (or, with `numbers`, numbered so)."""
        for stage in reversed(self.stages):
            if stage.name == name.lower():
                return stage.index
        return int(name) if numbers and name.isdecimal() and int(name[:9]) < len(self.stages) else None


@dataclass
class Scope:
    """The variables of a stage while it is built, ARG and ENV alike, in the order in which they were set."""

    values: dict[str, str] = field(default_factory=dict)
    entries: list[tuple[str, str]] = field(default_factory=list)

    def set(self, name: str, value: str) -> None:
        self.values[name] = value
        self.entries.append((name, value))

    def copy(self) -> Scope:
        return Scope(dict(self.values), list(self.values.items()))

    def history(self) -> History:
        return History(self.entries, len(self.entries))


@dataclass(frozen=True)
class Expanded:
    """A word after expansion: as one text, split at blanks, and the variables that nothing sets."""

    text: str
    words: tuple[str, ...]
    unset: tuple[str, ...]


def expand(build: Build, word: str, env: Mapping[str, str], escape: str) -> Expanded:
    """Expands `word`. Raises WordError for a syntax error and for a result or a file beyond the limits."""
    if "$" in word and build.expanded > MAX_EXPANDED:
        raise WordError("the variables of this file expand to too much text")
    lexer = Lexer(word, env, escape)
    output = lexer.output()
    text = "".join(output.text)
    build.expanded += len(text)
    if len(text) > max(MAX_EXPANSION, len(word)):
        raise WordError(f"a value of more than {MAX_EXPANSION} characters")
    return Expanded(text, tuple(output.words), tuple(lexer.unset))
