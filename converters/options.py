"""What a person asked for: the options of `migrate PATH`, also read from `[tool.fal-migrate]` of the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from converters.answers import Answers
    from converters.given_server import GivenServer
    from converters.resolver import Resolver

Target = Literal["auto", "app", "function", "pyproject"]
Style = Literal["auto", "native", "keep"]
STYLE_SYNONYMS = {"inline": "native"}
"""Words for a style that are still taken, though no report uses them."""


@dataclass(frozen=True)
class OpenApi:
    """An OpenAPI document that a person gave, and where it came from."""

    source: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Ignore:
    """What a person says of findings that are to be passed over: a comment of the project, or an entry of its configuration."""

    rules: tuple[str, ...]
    """Codes of rules, in upper case."""
    reason: str
    file: str
    """The file in which the findings are; every one where it is empty."""
    at: int = 0
    """The line where it is said, 1-based; 0 for an option."""
    first: int = 0
    last: int = 0
    """The lines that it speaks for; 0: the whole file."""
    said_in: str = ""
    """The file where it is said, where that is another one."""

    @property
    def by(self) -> Literal["comment", "configuration", "option"]:
        """In what way it is said."""
        return "option" if not self.at else "configuration" if self.said_in else "comment"

    def speaks_for(self, rule: str, file: str, line: int) -> bool:
        """Whether a finding of a rule at a line is meant."""
        return rule in self.rules and self.file in ("", file) and (not self.last or self.first <= line <= self.last)


@dataclass(frozen=True)
class Options:
    """Everything that decides the output; equal options on equal input give equal bytes."""

    target: Target = "auto"
    style: Style = "auto"
    not_native: str = ""
    """What was wrong with the native form of an app, where it was written first and then given up."""
    name: str = ""
    idiomatic: bool = False
    realtime: bool = False
    endpoint_config: Path | None = None
    image_config: Path | None = None
    openapi: OpenApi | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    """What the project's configuration says of findings, in the order in which it says it."""
    in_place: bool = False
    answers: Answers | None = None
    """What a person answered in a review; None where nobody was asked."""
    resolve: Resolver | None = None
    """Who is asked whether the requirements fit together (`--resolve`); nobody where it is None."""
    server: GivenServer | None = field(default=None, compare=False)
    """What other files of the project, and exports, say about its server: found by the conversion itself."""
    unit: str = ""
    """Entry file of the one unit to convert, relative to the project (`migrate batch` converts unit by unit)."""
    named: bool = False
    """Whether a person gave that file on the command line: then it need not be what an image starts."""
