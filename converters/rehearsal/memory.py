"""What the steps of builds asked other machines for: kept beside the layers, for steps that come from the cache later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from .engines import Step
from .outside.asked import Asked
from .result import StoodIn

_TOLD = ("stub", "doubled", "refused")


class Memory:
    """The steps of one build, in order. ``folder`` None: nothing outlives it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._chain = hashlib.sha256()
        self.asked: list[Asked] = []

    def step(self, step: Step, asked: Sequence[Asked]) -> None:
        """A step ended, and ``asked`` this meanwhile; one from the cache has asked it when it was made."""
        self._chain.update(f"{step.instruction}\0".encode())
        told = [one for one in asked if one.outcome in _TOLD]
        file = None if self._folder is None else self._folder / f"{self._chain.hexdigest()}.json"
        if step.state == "cached" and file is not None:
            told = _read(file) or told
        elif file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps([vars(one) for one in told]))
        self.asked += told


def _read(file: Path) -> list[Asked]:
    try:
        return [Asked(**row) for row in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        return []


def stubs(asked: Sequence[Asked]) -> list[StoodIn]:
    """The packages that stubs stood in for, each in the release that was asked for last: an installer tries others before it."""
    found: dict[str, tuple[str, str]] = {}
    for one in asked:
        if one.outcome == "stub":
            release, _, why = one.detail.partition(": ")
            found[release.partition(" ")[0] or one.url] = (release or one.url, why)
    return [StoodIn(what=release, by="a stub", differs=(why,) if why else ()) for _, (release, why) in sorted(found.items())]


def doubled(asked: Sequence[Asked]) -> list[str]:
    """What other machines were asked for, and did not answer themselves, each once."""
    told = (one for one in asked if one.outcome in ("doubled", "refused"))
    return list(dict.fromkeys(f"{one.url}: {one.detail}" if one.detail else one.url for one in told))
