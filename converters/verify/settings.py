"""How both sides are started, and what they are asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from .certificate import Certificate


@dataclass(frozen=True)
class Settings:
    """``seconds``: how long requests are sent; ``patience``: how long one may take; ``doubled``: packages to double though installed."""

    seed: int = 0
    seconds: float = 60.0
    patience: float = 15.0
    doubled: tuple[str, ...] = ()
    drawn: int = 12
    python: Path = Path(sys.executable)
    """The interpreter that runs the source side."""
    sdk: str = ""
    """Which release of the platform's SDK it has and why, in one line; empty where nobody chose one."""
    schema: Path | None = None
    """Cog's own schema file, without which its server checks no inputs."""
    replay: Certificate | None = None
