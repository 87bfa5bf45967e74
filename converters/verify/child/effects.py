"""What the project's code does beside its answer: files that it writes, moves and removes in its own folders, and what it prints.

Of temporary files only the kinds are told that it reads and removes: their names are made up, and the sides need not keep as many.
"""

from __future__ import annotations

import builtins
import os
import sys
import tempfile
from typing import Any

from . import frames, record
from .describe import described, placed, roots

_SERVERS = ("/runpod/", "/cog/", "/coglet/", "/fal/", "/uvicorn/", "/starlette/", "/fastapi/", "/aiohttp/")
"""Packages that call the project's code: what they write is theirs."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OWN = ("<project>", "<volume>")
_FETCHERS = frozenset(os.path.join(os.path.dirname(__file__), name) for name in ("programs.py", "network.py", "clients.py", "describe.py"))
"""Modules of ours that write what a program or an address would have given, or read what they describe."""
_TRACEBACKS = "/linecache.py"
_WEIGHTS = "/fal_weights.py"
"""The module of a conversion that fetches model files: they are linked where the source writes them."""
_temporary: str | None = None
_LEFT_OUT = ("/__pycache__/", ".pyc")


def install(*, temporary: bool) -> None:
    """Observe this process, and those forked from it; ``temporary``: also what is done with temporary files."""
    global _temporary
    folder = tempfile.gettempdir()  # which tries to write where we would ask for it
    _temporary = f"{folder}/" if temporary else None
    sys.addaudithook(_heard)
    _record_prints()


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        if record.request() == 0:
            return
        if flags & _WRITING:
            _tell("writes", path)
        elif mode is not None and _is_temporary(path) and _is_the_project_s() and not frames.in_background():
            record.write("effect", _of_kind("reads", path))
    elif event in _CHANGES and record.request() > 0:
        *paths, folder = arguments
        if folder in (None, -1):  # else the path is below an open folder, as those are that shutil.rmtree removes
            _tell(_CHANGES[event], *paths)
            if event == "os.remove" and _is_temporary(paths[0]) and frames.asked_through("pathlib"):
                record.write("effect", _of_kind("removes", paths[0]))


def _is_temporary(path: Any) -> bool:
    path = os.fspath(path) if isinstance(path, os.PathLike) else path
    if _temporary is None or not isinstance(path, str) or not path.startswith(_temporary):
        return False
    return frames.is_project(path) and not any(path.startswith(f"{root}/") for root, _ in roots)


def _of_kind(what: str, path: str) -> str:
    return f"{what} a temporary file {os.path.splitext(path)[1]}".rstrip()


def _tell(what: str, *paths: Any) -> None:
    places = [_place(path) for path in paths if isinstance(path, str | bytes | os.PathLike)]
    if any(place.startswith(_OWN) for place in places) and _is_the_project_s() and not frames.in_background():
        record.write("effect", f"{what} {', '.join(described(place) for place in places)}")


def _place(path: Any) -> str:
    text = os.fsdecode(path)
    if text.endswith(_LEFT_OUT[1]) or _LEFT_OUT[0] in text:
        return ""
    return placed(text) if text.startswith("/") else f"<project>/{os.path.normpath(text)}"


def _is_the_project_s() -> bool:
    frame = frames.up(1)
    while frame is not None:
        name = frames.file_of(frame)
        is_project = frames.is_project(name)
        if name in _FETCHERS or name.endswith(_TRACEBACKS) or (not is_project and any(package in name for package in _SERVERS)):
            return False
        if is_project:
            return not name.endswith(_WEIGHTS)
        frame = frame.f_back
    return False


_CHANGES = {
    "os.remove": "removes",
    "os.rename": "moves",
    "os.mkdir": "makes",
    "os.rmdir": "removes",
    "os.symlink": "links",
    "os.link": "links",
}
"""What audit events mean (https://docs.python.org/3/library/audit_events.html)."""


def _record_prints() -> None:
    original = builtins.print

    def told(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
        original(*values, sep=sep, end=end, file=file, flush=flush)
        if file in (None, sys.stdout, sys.stderr) and record.request() > 0 and frames.caller_is_project():
            record.write("print", described((" " if sep is None else sep).join(map(str, values))))

    told.__name__ = told.__qualname__ = "print"
    builtins.print = told
