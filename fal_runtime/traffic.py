"""Counts of an app's requests, for its metrics; memory does not grow with traffic."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping

#: Seconds that the counts look back.
WINDOW = 60
#: Upper bounds of the latency histogram, in seconds.
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, float("inf"))


class Traffic:
    """What an app received and answered."""

    def __init__(self) -> None:
        self._received = _Recent()
        self._completed = _Recent()
        self._latency = [0] * len(BOUNDS)

    def received(self, method: str) -> None:
        """A request was given to a runner."""
        self._received.add((method,))

    def completed(self, method: str, status: int, seconds: float) -> None:
        """A request was answered after that many seconds."""
        self._completed.add((method, str(status)))
        self._latency[bisect_left(BOUNDS, seconds)] += 1

    def last_minute(self) -> tuple[Mapping[tuple[str, ...], int], Mapping[tuple[str, ...], int]]:
        """Received by method, completed by method and status."""
        return self._received.total(), self._completed.total()

    def latency(self) -> list[tuple[float, int]]:
        """For each upper bound, how many answers took at most that long since the start."""
        counts = []
        total = 0
        for bound, count in zip(BOUNDS, self._latency, strict=True):
            total += count
            counts.append((bound, total))
        return counts


class _Recent:
    """A counter per second of the window."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, Counter[tuple[str, ...]]]] = deque()

    def add(self, key: tuple[str, ...]) -> None:
        now = int(time.monotonic())
        if not self._seconds or self._seconds[-1][0] != now:
            self._seconds.append((now, Counter()))
            self._trim(now)
        self._seconds[-1][1][key] += 1

    def total(self) -> Counter[tuple[str, ...]]:
        self._trim(int(time.monotonic()))
        return sum((counts for _, counts in self._seconds), Counter())

    def _trim(self, now: int) -> None:
        while self._seconds and self._seconds[0][0] <= now - WINDOW:
            self._seconds.popleft()
