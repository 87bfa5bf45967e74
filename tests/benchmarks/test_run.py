"""The corpus harness runs an app with the same stand-ins that `migrate verify` uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.corpus import run


def test_a_runner_gets_doubles(tmp_path: Path) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    work.mkdir()
    (out / "app.py").write_text("import no_such_package\n\nprint(no_such_package.load('a'))\n")
    environment = {**os.environ, **run._child(out, work)}
    found = subprocess.run([sys.executable, "app.py"], cwd=out, env=environment, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("no_such_package.load('a')\n", "")
