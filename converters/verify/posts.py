"""A source side that answers `POST /` with JSON: what most small servers need to be compared."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

from converters.verify.observe import Observation
from converters.verify.outcome import Outcome, SideFailed
from converters.verify.source import Process

START_SECONDS = 40


class Posts:
    """A program that listens on a port of this machine: 200 is a result, another status below 500 a refusal, the rest an error."""

    def __init__(self, process: Process, observation: Observation, port: int, seconds: float) -> None:
        self._process, self._observation, self._port, self._seconds = process, observation, port, seconds

    def wait(self) -> None:
        """Wait until it listens. Raises SideFailed where it ends first, or does not within `START_SECONDS`."""
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.ended or time.monotonic() > deadline:
                raise SideFailed(self._process.last_words())
            time.sleep(0.05)

    def ask(self, number: int, identifier: str, body: Any, *, stream: bool = False) -> Outcome:
        if self._process.ended:
            self._observation.begin(0)
            self._process.start()
            self.wait()
        self._observation.begin(number)
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/", json.dumps(body).encode(), {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self._seconds) as answer:
                return Outcome("result", json.load(answer))
        except urllib.error.HTTPError as error:
            return Outcome("refused" if error.code < 500 else "error", error.read().decode(errors="replace"))
        except OSError as error:
            self._process.stop()
            return Outcome("silence", str(error))

    def calls(self, number: int) -> list[str]:
        return self._observation.calls(number)

    def close(self) -> None:
        """Nothing is kept open."""

    def _listens(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self._port)) == 0
