"""Verification in a process of its own, so that the code which it runs cannot reach us.

Where the kernel lets it (Linux), that process has its own table of processes, of which it is the first: the code sees no process but
those of its own side, cannot end this one, and ends with it, however it detached itself. Of the network there is only a loopback, which
no other process shares. What runs the project's code is confined once more, to a view of the file system (`fal_runtime.confinement`).
How many processes there are and how much memory they have is bounded. Everywhere, the environment is without what is ours, and what is
left is removed here.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from converters.errors import MigrateError, Unreadable, Unsupported, UsageError
from fal_runtime.confinement import SWITCH, apart, end_with_parent
from fal_runtime.confinement.bounds import Bounds, machine_memory

from .certificate import Certificate
from .observe import KEPT

_OWN = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "COLUMNS", "NO_COLOR", SWITCH)
_RAISED = {kind.__name__: kind for kind in (UsageError, Unreadable, Unsupported)}
_MOST_TASKS = 16384
"""Processes and threads of a verification together; each view of a side has fewer (`confinement.View.tasks`)."""
_ENV_START, _ENV_END = 50, 51
"""Fields of /proc/self/stat, counted from 1: where the environment lies that the process was started with."""


class Ended(Exception):
    """The process was ended before it had a result: the message says by what."""


def certificate(work: Callable[[Path], Certificate], scratch: Path) -> Certificate:
    """What ``work`` makes in a process of its own with a scratch folder, made below ``scratch`` and removed when it has ended.

    Raises the MigrateError that it raises, UsageError where the system refuses something, and Ended.
    """
    bounds = Bounds(_MOST_TASKS, machine_memory() // 2)
    with _stoppable(), tempfile.TemporaryDirectory(prefix="verify-", dir=scratch, ignore_cleanup_errors=True) as folder:
        reader, writer = os.pipe()
        waiting, bounded = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.fork()
        if parent == 0:
            os.close(reader)
            os.close(bounded)
            os.read(waiting, 1)
            os.close(waiting)
            _hold(lambda: _answer(work, Path(folder), writer), writer)
        os.close(writer)
        os.close(waiting)
        bounds.hold(parent)
        os.close(bounded)
        try:
            with os.fdopen(reader, "rb") as answer:
                said = answer.read()
        except BaseException:
            os.kill(parent, signal.SIGTERM)
            raise
        finally:
            status = os.waitstatus_to_exitcode(os.waitpid(parent, 0)[1])
            bounds.close()
    return _result(said, status, bounds.exceeded)


def _result(said: bytes, status: int, exceeded: str) -> Certificate:
    if exceeded:
        raise Ended(f"verification was ended: the project's code took {exceeded}")
    try:
        document = json.loads(said)
    except ValueError:
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        raise Ended(f"verification was ended ({how}), most likely by the project's own code") from None
    if "certificate" in document:
        return Certificate.model_validate(document["certificate"])
    if "refused" in document:
        kind = _RAISED.get(document["kind"], UsageError)
        raise kind(document["refused"], hint=document["hint"], file=document["file"], line=document["line"])
    raise RuntimeError(document["bug"])


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM is an interruption, as SIGINT is: what was started ends, and its files go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _hold(work: Callable[[], NoReturn], writer: int) -> NoReturn:
    """In the child: start the process that works, outside of our table of processes, and end as it does."""
    code = 70
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _end_with_parent()
        alone = _apart()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _end_with_parent()
            if alone:
                with contextlib.suppress(OSError):  # then the code still has a table of its own, as each side is confined by itself
                    apart.show_processes()
            work()
        os.close(writer)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code < 0:
            signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
            os.kill(os.getpid(), -code)
    finally:
        os._exit(code)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        end_with_parent()


def _apart() -> bool:
    """Whether the processes that are forked from now on have a table of processes of their own.

    They have a network of their own too, unless the kernel refuses just that.
    """
    if sys.platform != "linux" or os.environ.get(SWITCH) == "off":
        return False
    for network in (True, False):
        try:
            apart.leave(network=network)
        except OSError:
            continue
        _end_with_parent()  # the kernel forgets it when the credentials change
        return True
    return False


def _answer(work: Callable[[Path], Certificate], folder: Path, writer: int) -> NoReturn:
    try:
        document: dict[str, Any]
        _forget_environment()
        try:
            document = {"certificate": work(folder).model_dump(mode="json")}
        except MigrateError as error:
            document = {"kind": type(error).__name__, "refused": error.message, "hint": error.hint, "file": error.file, "line": error.line}
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else str(folder)
            why = f"verification cannot write: {error.strerror or error}."
            document = {"kind": "UsageError", "refused": why, "hint": "Make room there and try again.", "file": place, "line": 0}
        except Exception:
            document = {"bug": traceback.format_exc()}
        data = memoryview(json.dumps(document).encode())
        while data:
            data = data[os.write(writer, data) :]
        os._exit(0)
    finally:
        os._exit(130)


def _forget_environment() -> None:
    """Remove what is ours from the environment, and from where the kernel shows what this process was started with."""
    kept = {name: os.environ[name] for name in (*KEPT, *_OWN) if name in os.environ}
    if sys.platform == "linux":
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = (int(fields[field - 3]) for field in (_ENV_START, _ENV_END))
        ctypes.memset(start, 0, end - start)
    os.environ.clear()
    os.environ.update(kept)
