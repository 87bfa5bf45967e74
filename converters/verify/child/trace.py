"""Which lines of the project ran: each is recorded the first time it does."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from types import FrameType
from typing import Any

from . import frames, record

_seen: set[tuple[str, int]] = set()


def install() -> None:
    """Trace this process, its threads and the processes forked from it."""
    _start()
    os.register_at_fork(after_in_child=_start)
    atexit.register(sys.settrace, None)  # while Python is taken down, this module is too


def _start() -> None:
    threading.settrace(_called)
    sys.settrace(_called)


def _called(frame: FrameType, event: str, argument: Any) -> Any:
    return _line if frames.is_project(frame.f_code.co_filename) else None


def _line(frame: FrameType, event: str, argument: Any) -> Any:
    if event == "line":
        place = (frame.f_code.co_filename, frame.f_lineno)
        if place not in _seen:
            _seen.add(place)
            record.write("line", place[0], line=place[1])
    return _line
