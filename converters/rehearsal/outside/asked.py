"""What a rehearsed build or app asked other machines for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["forwarded", "stub", "doubled", "refused"]


@dataclass(frozen=True)
class Asked:
    """A request, and what answered it.

    ``outcome``: ``forwarded`` to the real registry, answered with a ``stub`` distribution, with a small file of the kind that the address
    names (``doubled``), or ``refused``. ``detail`` says why, in words for a report.
    """

    host: str
    url: str
    outcome: Outcome
    detail: str = ""


class Record:
    """All that was asked, in order; any thread may add to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Asked] = []

    def add(self, host: str, url: str, outcome: Outcome, detail: str = "") -> None:
        """Enter a request."""
        with self._lock:
            self._asked.append(Asked(host, url, outcome, detail))

    def all(self) -> list[Asked]:
        """The requests so far, in order."""
        with self._lock:
            return list(self._asked)
