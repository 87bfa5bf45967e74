"""An import statement, as it reaches those who stand in for ``__import__``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Import(NamedTuple):
    """What ``__import__`` is called with, in its order."""

    name: str
    globals: Mapping[str, object] | None = None
    locals: Mapping[str, object] | None = None
    fromlist: Sequence[str] | None = ()
    level: int = 0

    @property
    def top(self) -> str:
        """The first part of the name: a package, where the statement is not relative."""
        return self.name.partition(".")[0]
