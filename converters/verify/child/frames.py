"""Whose code is calling: the project's own, or a library's, which keeps the real clock, the real chance and its own error handling."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from types import CodeType, FrameType, FunctionType
from typing import Any

_LIBRARIES = tuple(
    {sysconfig.get_paths()[name] + "/" for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {sys.base_prefix + "/lib/", "<frozen"}
)
_ROOTS = [__file__.rpartition("/")[0] + "/"]
_known: dict[str, bool] = {}
_forked = False
"""Whether the project itself forked this process."""
os.register_at_fork(after_in_child=lambda: _mark_fork())


def also_library(folder: str) -> None:
    """Code below this folder does not belong to the project."""
    _ROOTS.append(folder.rstrip("/") + "/")
    _known.clear()


def is_project(filename: str) -> bool:
    """Whether code of this file belongs to the project."""
    known = _known.get(filename)
    if known is None:
        ours = os.path.realpath(filename).startswith(tuple(_ROOTS))  # the runtime is imported through a link
        library = ours or filename.startswith((*_LIBRARIES, *_ROOTS)) or "site-packages/" in filename or "dist-packages/" in filename
        known = _known[filename] = not library and filename != "<string>"
    return known


def file_of(frame: FrameType) -> str:
    """The file of the code that a frame runs."""
    return _file(frame.f_code, frame.f_globals)


def _file(code: CodeType, namespace: dict[str, Any]) -> str:
    """The file that code names; where it names none, as code that cloudpickle 3.1.3 made, that of the module whose globals it uses."""
    name = code.co_filename
    if name.startswith("<") and name != "<string>" and not name.startswith("<frozen"):
        return str(namespace.get("__file__") or "<string>")
    return name


def is_project_code(frame: FrameType) -> bool:
    """Whether the code that a frame runs belongs to the project."""
    return is_project(file_of(frame))


def is_own(value: Any) -> bool:
    """Whether a value is a function or a class of the project."""
    if isinstance(value, FunctionType):
        return is_project(_file(value.__code__, value.__globals__))
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        return is_project(str(getattr(module, "__file__", None) or "<string>"))
    return False


def caller_is_project(depth: int = 2) -> bool:
    """Whether the caller's caller (``depth`` frames up) belongs to the project."""
    frame = up(depth)
    return frame is not None and is_project_code(frame)


def asked_by_project() -> bool:
    """Whether the innermost frame that is neither ours nor the standard library's is the project's."""
    frame = up(1)
    while frame is not None:
        name = file_of(frame)
        if is_project(name):
            return True
        if "site-packages" in name and not name.startswith(_ROOTS[0]):
            return False
        frame = frame.f_back
    return False


_FETCH = ("url", "folder", "field")
"""The parameters of ``fetch()``, which conversions get where Cog's server fetches the files of a request."""


def asked_by_platform() -> bool:
    """Whether the platform asks here, and not the project's code: its server, or what a conversion has in its place."""
    frame = up(1)
    while frame is not None and not is_project_code(frame):
        frame = frame.f_back
    return frame is None or frame.f_code.co_varnames[: frame.f_code.co_argcount] == _FETCH


def asked_through(module: str) -> bool:
    """Whether the project itself calls the standard library here, be it through this module of it."""
    frame = up(1)
    while frame is not None:
        name = file_of(frame)
        if is_project(name):
            return True
        if not (name.startswith(_ROOTS[0]) or f"/{module}.py" in name or f"/{module}/" in name):
            return False
        frame = frame.f_back
    return False


def caller_is_in(parts: Sequence[str], depth: int = 2) -> bool:
    """Whether the file of the caller's caller has one of these parts in its name."""
    frame = up(depth)
    return frame is not None and any(part in file_of(frame) for part in parts)


_TOOLKIT = ("/fal/toolkit/",)


def asked_by_toolkit(depth: int = 1) -> bool:
    """Whether fal's toolkit called ``depth`` frames above this: what it does with a picture to upload it is not the project's doing."""
    return caller_is_in(_TOOLKIT, depth + 2) and not caller_is_project(depth + 2)


_STARTERS = ("/threading.py", "/multiprocessing/process.py")
_POOLS = ("/concurrent/futures/thread.py",)


def in_background(*, pools: bool = False) -> bool:
    """Whether the project runs this beside the request: in a thread or a process that it started itself.

    ``pools``: or in a thread of a pool, which at other times may be a server's own.
    """
    frame = sys._getframe(1)
    while frame is not None and not is_project_code(frame):
        frame = frame.f_back  # type: ignore[assignment]
    while frame is not None and is_project_code(frame):
        frame = frame.f_back  # type: ignore[assignment]
    started = frame is not None and file_of(frame).endswith(_STARTERS + _POOLS if pools else _STARTERS)
    return started or _forked


def _mark_fork() -> None:
    global _forked
    frame = up(0)
    while frame is not None and not is_project_code(frame):
        frame = frame.f_back
    _forked = _forked or frame is not None


def up(depth: int) -> FrameType | None:
    """The frame ``depth`` calls up; None where the stack ends before it, as where native code calls."""
    try:
        return sys._getframe(depth + 1)
    except ValueError:
        return None


def importer() -> FrameType | None:
    """The frame whose import statement is being carried out."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and ("importlib" in file_of(frame) or file_of(frame).startswith(_ROOTS[0])):
        frame = frame.f_back
    return frame
