"""How the source side of a platform is started and asked: what `migrate verify` must know of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from converters.ir import App
from converters.project import Project
from converters.verify.interpreter import Interpreter
from converters.verify.observe import Observation
from converters.verify.outcome import Side, SideFailed
from converters.verify.servers.source import Image
from converters.verify.source import Staged
from fal_runtime.confinement import Support


@dataclass(frozen=True)
class Sources:
    """What a source side is started from: the project as it was read, and as its image would hold it."""

    project: Project
    app: App
    staged: Staged
    interpreter: Interpreter
    secrets: dict[str, str]
    schema: Path | None = None
    """The schema that a build of the project wrote, where a person gave it."""


class Runner:
    """A platform's source side. A platform of workers overrides `serve`, one of servers `image`."""

    is_closed: ClassVar[bool] = False
    """Its server refuses keys of an input that the code does not declare."""
    link: ClassVar[Literal["url", "data"]] = "url"
    """How a file is sent: as an address, or as a `data:` URI."""

    def serve(
        self, sources: Sources, observation: Observation, *, confinement: Support, seconds: float
    ) -> contextlib.AbstractContextManager[Side]:
        """Run a worker or predictor while the ``with`` block runs; an answer may take ``seconds``. Raises SideFailed."""
        raise SideFailed("nothing here starts programs of its platform")

    def image(self, project: Project, app: App) -> Image:
        """The image of a server: its files, and what it starts. Raises SideFailed where the project does not hold it."""
        name = app.server.image if app.server is not None else ""
        raise SideFailed(f"the image {name or app.environment.dockerfile} is not here")

    def document(self, side: Side) -> Any:
        """The OpenAPI document that a started source answers; None where it has none."""
        return None

    def says_null(self, interpreter: Interpreter) -> bool:
        """Whether that document tells which values may be null."""
        return False

    def is_unchecked(self, interpreter: Interpreter, schema: Path | None) -> bool:
        """Whether the server lets every input pass, because it lacks the schema that a build gives it."""
        return False

    def required(self, interpreter: Interpreter, schema: Path | None, otherwise: Sequence[str]) -> list[str]:
        """The keys that the server demands; ``otherwise`` are those that the app demands."""
        return list(otherwise)

    def written_release(self, interpreter: Interpreter) -> tuple[str, str] | None:
        """The SDK's release that code may read, and the one that the conversion writes in its place; None where it writes none."""
        return None
