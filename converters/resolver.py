"""What asks whether requirements have releases that fit together, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Resolution:
    """What a resolver says of a list; where it says nothing, the list has releases that fit together."""

    conflict: str = ""
    """Why there are none, in the resolver's words."""
    unknown: str = ""
    """Why it cannot tell."""
    aside: tuple[str, ...] = ()
    """Packages and addresses that were left out: only a build would tell what they require."""


Resolver = Callable[[Sequence[str], Sequence[str], str], Resolution]
"""(requirements, flags of pip, minor version of Python) -> what came of it, for Linux on x86-64."""
