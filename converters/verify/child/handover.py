"""Files that Cog's server is told by name and reads later, kept as they are when it is told.

The worker of cog 0.23.1 sends the name of an output file to the server's process, then removes the files of the inputs and runs the
predictor on (``coglet/src/orchestrator.rs``, "Failed to read FileOutput"). Where a predictor returns the file that it was given, the
server mostly answers null instead: 239 times of 300 on a quiet machine. Where it writes the next chunk to the same file, it may answer
that. What the predictor handed over is what is to be compared.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import shutil
import sys

from . import record


def install(folder: str) -> None:
    """Give the native worker the name of a copy in ``folder``, under the same file name."""
    original = pathlib.PurePath.__fspath__
    numbers = itertools.count()

    def fspath(self: pathlib.PurePath) -> str:
        path = original(self)
        if _called_by_python():
            return path
        if not os.path.isfile(path):
            record.write("missing", path)  # the server answers null for it and says nothing
            return path
        copy = os.path.join(folder, f"handed-{os.getpid()}-{next(numbers)}", os.path.basename(path))
        os.mkdir(os.path.dirname(copy))
        shutil.copyfile(path, copy)
        return copy

    pathlib.PurePath.__fspath__ = fspath  # type: ignore[method-assign]


def _called_by_python() -> bool:
    try:
        sys._getframe(2)
    except ValueError:  # the worker's own thread
        return False
    return True
