"""Starts one program of the source side: ``python enter.py SETTINGS``, a JSON object with ``argv``, ``cwd`` and the sandbox's folders.

The process gets a private view of the file system where the kernel lets it, with the project's files where its image would hold them.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main() -> None:
    settings = json.loads(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    if settings["sandbox"]:
        spec = importlib.util.spec_from_file_location("sandbox", settings["sandbox"])
        assert spec is not None and spec.loader is not None
        sandbox = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sandbox)
        sandbox.enter(Path(settings["stage"]), Path(settings["scratch"]), {}, settings["cwd"], settings["keep"])
    else:
        os.chdir(settings["scratch"] + settings["cwd"])
    os.execvp(settings["argv"][0], settings["argv"])


if __name__ == "__main__":
    main()
