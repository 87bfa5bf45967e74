"""What happens in a child process, written to one log that the parent reads: a JSON document a line.

The parent counts requests in a small shared file; the number in it when something happens says which request it belongs to
(0: loading). Both are inherited by forked processes.
"""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import Any


class Recorder:
    """Writes events; ``log`` and ``counter`` are files that the parent made."""

    def __init__(self, log: str, counter: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
        with Path(counter).open("r+b") as file:
            self._counter = mmap.mmap(file.fileno(), 8)

    @property
    def request(self) -> int:
        """Number of the request that is being answered, from 1; 0 while nothing was asked yet."""
        return int.from_bytes(self._counter[:8], "little")

    def write(self, kind: str, text: str, **details: Any) -> None:
        """Add an event: ``call``, ``line``, ``import``, ``network``, ``program``, ``file`` or ``stop``."""
        event = {"request": self.request, "process": os.environ.get("FAL_RUNNER_STATE", ""), "kind": kind, "text": text, **details}
        os.write(self._log, json.dumps(event).encode() + b"\n")


class Silent:
    """Records nothing, for processes that nobody observes."""

    request = 0

    def write(self, kind: str, text: str, **details: Any) -> None:
        pass


recorder: Recorder | Silent = Silent()


def start(log: str, counter: str) -> None:
    """Record to these files from now on."""
    global recorder
    recorder = Recorder(log, counter)


def write(kind: str, text: str, **details: Any) -> None:
    """Add an event to the log, if there is one."""
    recorder.write(kind, text, **details)


def request() -> int:
    """Number of the request that is being answered."""
    return recorder.request
