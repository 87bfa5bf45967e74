"""The releases of fal with which the facts in this program were measured, and when: whatever names one of them reads it here.

Those of a platform's own package are in its `Sdk` (`converters/sources/platform.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True)
class Measured:
    """A distribution as it was measured. `on`: the day, as YYYY-MM-DD; `facts`: what in this program rests on it."""

    distribution: str
    release: str
    on: str
    facts: str

    @property
    def installed(self) -> str:
        """The release that is installed; '' for none."""
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return ""


FAL = Measured("fal", "1.83.0", "2026-11-21", "settings of apps, what a deployment sends, what fal installs in an image")
CLIENT = Measured("fal-client", "1.0.3", "2026-11-21", "the protocol that `migrate run` serves, the calls that `migrate callers` writes")
