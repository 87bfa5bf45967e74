"""Whether what is installed is newer than what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from converters.measured import CLIENT, FAL, Measured
from converters.sources.registry import platforms


@dataclass(frozen=True)
class Stale:
    """Facts that may be out of date."""

    measured: Measured
    installed: str

    @property
    def message(self) -> str:
        one = self.measured
        return (
            f"{one.distribution} {self.installed} is installed, and {one.release} was measured ({one.on}): what changed since is not known "
            f"here ({one.facts})."
        )


def measured() -> tuple[Measured, ...]:
    """What was measured: fal, its client, and the packages of the platforms that name a release."""
    sdks = [(one.sdk, one.title) for one in platforms() if one.sdk is not None and one.sdk.measured]
    facts = "how programs of {} are read, and what they answer"
    return (FAL, CLIENT, *(Measured(sdk.package, sdk.measured, sdk.measured_on, facts.format(title)) for sdk, title in sdks))


def stale(measured: Sequence[Measured]) -> Iterator[Stale]:
    """What is installed in a newer release than the measured one."""
    for one in measured:
        if one.installed and is_newer(one.installed, one.release):
            yield Stale(one, one.installed)


def is_newer(installed: str, measured: str) -> bool:
    """Whether a release comes behind another; False for what is no release."""
    try:
        return Version(installed) > Version(measured)
    except InvalidVersion:
        return False
