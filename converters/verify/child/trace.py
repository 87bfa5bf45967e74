"""Which lines of the project ran: each is recorded the first time it does."""

from __future__ import annotations

import atexit
import builtins
import inspect
import os
import sys
import threading
from collections.abc import Collection
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from . import frames, record
from .statement import Import

_modes: dict[CodeType, str] = {}
"""Functions that are called in a mode of a model: entering and leaving it is recorded."""
_thread = threading.local()
"""``known`` in threads of which it is known whether they are traced."""
_seen: set[tuple[str, int]] = set()


def install(own: Collection[str]) -> None:
    """Trace this process, its threads and the processes forked from it. ``own``: top-level names of the project's modules."""
    _leave_libraries_out(own)
    _start()
    os.register_at_fork(after_in_child=_start)
    atexit.register(sys.settrace, None)  # before the modules are taken apart that tracing needs


def in_mode(function: FunctionType, mode: str) -> FunctionType:
    """A function decorated with a mode, which is entered with each call, as ``with`` in its body would be; the function stays itself.

    PyTorch wraps it, which keeps Cog's server from resolving the defaults of its inputs.
    """
    if not (inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)):
        _modes[function.__code__] = mode if mode.endswith(")") else f"{mode}()"
    return function


def _start() -> None:
    threading.settrace(_called)
    sys.settrace(_called)
    _thread.known = True


def _leave_libraries_out(own: Collection[str]) -> None:
    """While a library is imported nothing of the project runs: it is not slowed down by looking at each call."""
    original = builtins.__import__

    def importing(*args: Any, **options: Any) -> ModuleType:
        asked = Import(*args, **options)
        if not hasattr(_thread, "known"):
            _thread.known = True
            sys.settrace(_called)  # of a thread of native code, which imports what it needs before it calls the project (Cog's does)
        if asked.level > 0 or asked.top in own or sys.gettrace() is not _called:
            return original(*asked)
        sys.settrace(None)
        try:
            return original(*asked)
        finally:
            sys.settrace(_called)

    builtins.__import__ = importing


def _called(frame: FrameType, event: str, argument: Any) -> Any:
    if frame.f_code in _modes:
        record.write("call", f"with {_modes[frame.f_code]}")
    return _line if frames.is_project_code(frame) else None


def _line(frame: FrameType, event: str, argument: Any) -> Any:
    if event == "line":
        name = frame.f_code.co_filename
        place = (frames.file_of(frame) if name.startswith("<") else name, frame.f_lineno)
        if place not in _seen:
            _seen.add(place)
            record.write("line", place[0], line=place[1])
    elif event == "return" and frame.f_code in _modes:
        record.write("call", f"end with {_modes[frame.f_code]}")
    return _line
