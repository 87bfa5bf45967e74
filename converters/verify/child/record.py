"""What happens in a child process, written to one log that the parent reads: a JSON document a line.

The parent counts requests in a small shared file; the number in it when something happens says which request it belongs to
(0: loading). Two more there say which call (of a model, another machine or a program) fails in this request: by what it says, and which
one of those that say the same, from 1; threads may make calls in any order. All are inherited by forked processes.
"""

from __future__ import annotations

import collections
import hashlib
import json
import mmap
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import frames

_CALLS = ("call", "network", "program")
_UNSHARED = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}| at 0x[0-9a-f]+|(?<![A-Za-z0-9])tmp[a-z0-9_]{8}"
    r"|(?<![\w.])(?:/var)?/tmp/[^\s'\",;:)\]}]*"
)
_MOST = 1000
"""How often one call may be repeated in a request: a loop that waits for what no double gives ends with it."""


class Recorder:
    """Writes events; ``log`` and ``counter`` are files that the parent made.

    ``variables`` are names of the environment variables that are told of at the first call of each request. ``serves``: in a server of the
    project's own, for which ``FAL_RUNNER_STATE`` stays as it was when it started.
    """

    def __init__(self, log: str, counter: str, variables: Sequence[str], *, serves: bool = False) -> None:
        self._variables, self._serves = variables, serves
        self._told = 0
        self._failable: collections.Counter[tuple[int, int]] = collections.Counter()
        self._repeated: collections.Counter[tuple[int, str]] = collections.Counter()
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
        with Path(counter).open("r+b") as file:
            self._counter = mmap.mmap(file.fileno(), 24)

    @property
    def request(self) -> int:
        """Number of the request that is being answered, from 1; 0 while nothing was asked yet, and while a runner of fal's starts."""
        if not self._serves and os.environ.get("FAL_RUNNER_STATE") == "SETUP":
            return 0
        return int.from_bytes(self._counter[:8], "little")

    def write(self, kind: str, text: str, **details: Any) -> None:
        """Add an event.

        ``call``, ``line``, ``import``, ``network``, ``program``, ``machine``, ``pause``, ``variables``, ``file``, ``effect``, ``print``,
        ``missing`` or ``stop``.
        """
        if kind in _CALLS and self._told != self.request:
            self._told = self.request
            self.write("variables", json.dumps({name: os.environ.get(name) for name in self._variables}))
        if kind in _CALLS:
            details = {**details, "pid": os.getpid(), "aside": frames.in_background(pools=True)}
        event = {"request": self.request, "process": os.environ.get("FAL_RUNNER_STATE", ""), "kind": kind, "text": text, **details}
        os.write(self._log, json.dumps(event).encode() + b"\n")

    def fails(self, key: int) -> bool:
        """Whether the call that is made now is the one that fails in this request."""
        self._failable[self.request, key] += 1
        wanted, which = (int.from_bytes(self._counter[at : at + 8], "little") for at in (8, 16))
        return self.request > 0 and key == wanted and self._failable[self.request, key] == which

    def is_endless(self, text: str) -> bool:
        """Whether a call has been made too often in this request. While a model is built, a layer may be made any number of times."""
        self._repeated[self.request, text] += 1
        return self.request > 0 and self._repeated[self.request, text] > _MOST


class Silent:
    """Records nothing, for processes that nobody observes."""

    request = 0

    def write(self, kind: str, text: str, **details: Any) -> None:
        pass

    def fails(self, key: int) -> bool:
        return False

    def is_endless(self, text: str) -> bool:
        return False


recorder: Recorder | Silent = Silent()


def start(log: str, counter: str, variables: Sequence[str], *, serves: bool = False) -> None:
    """Record to these files from now on."""
    global recorder
    recorder = Recorder(log, counter, variables, serves=serves)


def write(kind: str, text: str, **details: Any) -> None:
    """Add an event to the log, if there is one."""
    recorder.write(kind, text, **details)


def call(text: str) -> None:
    """Add a call of a model to the log.

    Raises RuntimeError where it is to fail, as a machine without memory left does, and TimeoutError where code waits in it for ever.
    """
    key = _key(text)
    write("call", text, fallible=key)
    if recorder.is_endless(text):
        raise TimeoutError(f"{text} was called {_MOST} times: a double never answers in another way")
    if recorder.fails(key):
        raise RuntimeError("CUDA error: out of memory")


def question(kind: str, text: str, known_as: str = "") -> bool:
    """Add what another machine (``network``) or a ``program`` is asked to the log. Returns whether it is to fail.

    ``known_as``: what says which question it is; '': its text.
    """
    key = _key(known_as or text)
    write(kind, text, fallible=key)
    return recorder.fails(key)


def _key(text: str) -> int:
    """What a call is known by on both sides: a number of what it says, without ids and addresses that they do not share. Never 0."""
    plain = _UNSHARED.sub("", text)
    return int.from_bytes(hashlib.sha256(plain.encode(errors="replace")).digest()[:7], "little") + 1


def request() -> int:
    """Number of the request that is being answered."""
    return recorder.request
