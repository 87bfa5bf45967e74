"""Confinement of code that is not ours: it sees the system's libraries, its interpreter, its project and scratch files, nothing else.

With namespaces (:func:`enter`) a process gets a file system of its own in which nothing but a :class:`View` exists, so that absolute
paths (``/app``, ``/data``, an image's own) are those of the platform. Without, Landlock holds it to the same paths of the machine
(:func:`restrict`). :func:`support` tells which of the two the system allows, by trying.

The mounts are made here rather than by bubblewrap: that executes a program in a new view, and runners are forked from a warm process
that has the SDK imported, which an executed one would have to import again (0.7 to 1.0 s instead of 0.15 s). What is shown, hidden and
given up is what ``bwrap --unshare-all --cap-drop ALL`` with an allow-list does.

Only the standard library is imported here: the package is loaded by file name in processes that run other environments' interpreters.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import bounds, kernel, landlock
from .kernel import end_with_parent
from .processes import enter, gather, give_up_privileges
from .view import View, devices, interpreter, is_collection, make_temporary, readable_paths

__all__ = [
    "START",
    "SWITCH",
    "Support",
    "View",
    "confine",
    "content_below",
    "end_with_parent",
    "enter",
    "gather",
    "interpreter",
    "is_collection",
    "restrict",
    "support",
]

#: The program that starts another one confined.
START = Path(__file__).with_name("start.py")

#: The variable that switches confinement off where it is "off".
SWITCH = "FAL_RUNTIME_CONFINEMENT"
_NO_SCOPE = "abstract unix sockets of this machine can be reached"


@dataclass(frozen=True)
class Support:
    """``kind``: "namespaces", "landlock" or "none"; ``missing``: what is not enforced, in words; ``why``: what refused the better kind."""

    kind: str
    missing: tuple[str, ...] = ()
    why: str = ""

    @property
    def private(self) -> bool:
        """Whether a process can have its own files at any path."""
        return self.kind == "namespaces"

    @property
    def sentence(self) -> str:
        """What is not enforced, as one line; empty where everything is."""
        if not self.missing:
            return ""
        return f"not enforced here ({self.why}): {'; '.join(self.missing)}" if self.why else f"not enforced here: {'; '.join(self.missing)}"


def support(stage: Path, *, shares_network: bool = False) -> Support:
    """How the processes that this one forks can be confined.

    ``stage`` is an empty directory; ``shares_network``: they will have the machine's network.

    Tries it in forked processes. The caller must have one thread.
    """
    if os.environ.get(SWITCH) == "off":
        return Support("none", ("everything",), "switched off")
    if sys.platform != "linux":
        return Support("none", ("everything",), "needs Linux")
    (stage / "scratch").mkdir(exist_ok=True)
    why = _refusal(lambda: enter(View(stage, stage / "scratch")))
    scoped = landlock.version() >= 6
    if why is None:
        return Support("namespaces", () if scoped or not shares_network else (_NO_SCOPE,))
    failing = _refusal(lambda: restrict(View(stage, stage / "scratch")))
    if failing is None:
        missing = ["modes, owners and times of files", "unix sockets that have a path", "System V and POSIX IPC", "names of keys"]
        missing += ["a network and /tmp of its own"]
        return Support("landlock", (*missing, *(() if scoped else ("signals to other processes", _NO_SCOPE))), why)
    return Support("none", ("everything",), f"{why}; Landlock: {failing}")


def confine(view: View, kind: str) -> None:
    """Confine this process as :func:`support` told: to the view, to its paths, or not at all. Raises OSError."""
    if kind == "namespaces":
        enter(view)
    elif kind == "landlock":
        restrict(view)


def restrict(view: View) -> None:
    """Hold this process to the paths of the machine that a view shows. Raises OSError."""
    if landlock.version() == 0:
        raise OSError("the kernel has no Landlock")
    make_temporary(view.scratch)
    landlock.restrict(readable_paths(view), [str(view.scratch), *view.writable, *view.mounts.values(), *devices()])
    bounds.limit_tasks(view.tasks)
    give_up_privileges()


def content_below(root: str, path: str) -> bytes | None:
    """The content of the file at a path in a confined process's files; None where it is no regular one. Raises OSError.

    Links are followed as that process would follow them, never to a file of ours.
    """
    directory = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        opened = kernel.open_below(directory, path)
    finally:
        os.close(directory)
    with open(opened, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(opened).st_mode) else None


def _refusal(confining: Callable[[], None]) -> str | None:
    """Why a forked process cannot be confined so; None where it can."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            confining()
            os._exit(0)
        except BaseException as error:
            os.write(writer, (str(error) or type(error).__name__).encode()[:500])
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        reason = answer.read().decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return reason or (None if status == 0 else f"it ended with {status}")
