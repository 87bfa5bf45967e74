"""What workers do in tests: importable by name, because each runs in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from converters.batch import Task
from converters.batch.task import convert_task
from converters.convert import convert as converted_project
from converters.errors import ExitCode
from converters.options import Options
from converters.output import write
from converters.reports.json import Document, document
from tests import made


def act(what: str) -> Document:
    """Behave as the argument says."""
    if what == "raise":
        raise KeyError("a bug")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit":
        os._exit(3)
    if what == "hang":
        time.sleep(600)
    if what == "ignore":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(600)
    if what == "eat":
        held = []
        while True:
            held.append(bytearray(2**24))
    if what == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    return {"said": what}


def imported_by_converting(project: Path) -> Document:
    """The modules that a conversion imports in its own process, but for those of Python itself."""
    before = set(sys.modules)
    outcome = converted_project(project, Options())
    found = sorted(name for name in sys.modules.keys() - before if name.partition(".")[0] not in sys.stdlib_module_names)
    return {"status": outcome.status, "imported": found}


def convert(task: Task) -> Document:
    """A conversion by hand: a project with a file `behave` does what it says."""
    behave = task.root / "behave"
    if behave.exists():
        act(behave.read_text())
    converted = made.conversion(task.root)
    written = write(converted, Path(task.typed["output"]), force=task.typed["force"])
    return document(converted, ExitCode.DONE, output=written.path, entry=task.entry)


def convert_or_behave(task: Task) -> Document:
    """The conversion of `migrate batch`, but a project with a file `behave` does what it says."""
    behave = task.root / "behave"
    if behave.exists():
        act(behave.read_text())
    return convert_task(task)
