"""What a person asked for: the options of `migrate PATH`, also read from `[tool.fal-migrate]` of the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
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
    in_place: bool = False
    resolve: Resolver | None = None
    """Who is asked whether the requirements fit together (`--resolve`); nobody where it is None."""
    server: GivenServer | None = field(default=None, compare=False)
    """What other files of the project, and exports, say about its server: found by the conversion itself."""
    unit: str = ""
    """Entry file of the one unit to convert, relative to the project (`migrate batch` converts unit by unit)."""
    named: bool = False
    """Whether a person gave that file on the command line: then it need not be what an image starts."""
