"""A batch of 200 of which four are hostile, as a program that can be killed: `python -m tests.batch_of_200 TOP OUT I/N [--resume]`."""

from __future__ import annotations

import sys
from pathlib import Path

from converters.batch import BatchRequest, run_batch
from converters.commands.arguments import shard_of
from converters.reports.json import Document
from tests import jobs, made

COUNT = 200
HOSTILE = {"p-050": "segfault", "p-100": "hang", "p-150": "eat"}
UNREADABLE = "p-199"
TYPED = {"settings": [], "only": [], "skip": [], "check": False, "force": False}


def lay(top: Path) -> Path:
    """The projects, each with a model of its own."""
    for number in range(COUNT):
        root = made.source(top, f"p-{number:03}")
        root.joinpath("handler.py").write_bytes(made.HANDLER.replace(b"'text'", b"'text%d'" % number))
        if behave := HOSTILE.get(root.name):
            (root / "behave").write_text(behave)
    (top / UNREADABLE / "handler.py").write_bytes(made.HANDLER + b"def broken(:\n")
    return top


def run(top: Path, output: Path, shard: str = "1/1", *, resume: bool = False) -> Document:
    """The batch, in which a project may take 20 s and 1 GB."""
    request = BatchRequest((top,), output, 2, 20.0, shard_of(shard), resume, memory=2**30, typed=TYPED)
    return run_batch(request, jobs.convert_or_behave)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], resume="--resume" in sys.argv)
