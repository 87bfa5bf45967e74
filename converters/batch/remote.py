"""What runs on a worker of a Dask cluster: one project, sent as bytes, is converted, and its output is sent back as bytes.

The conversion has a process of its own there as it has here: what it does to itself never ends the worker.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.batch.contents import Packed, unpack
from converters.batch.outputs import files_of
from converters.batch.task import Task
from converters.batch.workers import Ended, Workers
from converters.reports.json import Document


@dataclass(frozen=True)
class Parcel:
    """A project as it is sent. `timeout` in seconds, `memory` in bytes; `work` converts it there."""

    name: str
    contents: tuple[Packed, ...]
    entry: str
    typed: dict[str, Any]
    endpoint: bytes | None
    timeout: float
    memory: int | None
    work: Callable[[Task], Document]


@dataclass(frozen=True)
class Returned:
    """What comes back: how it ended, and the files of the output."""

    ended: Ended
    files: dict[str, tuple[int, bytes]]


def convert_parcel(parcel: Parcel) -> Returned:
    """Convert a project on this machine, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder, _children_allowed():
        top = Path(folder).resolve()
        root, output = top / "source" / parcel.name, top / "output" / f"{parcel.name}-fal"
        root.mkdir(parents=True)
        unpack(parcel.contents, root)
        typed = {**parcel.typed, "force": False, "output": output}
        if parcel.endpoint is not None:
            (top / "endpoint.json").write_bytes(parcel.endpoint)
            typed["endpoint_config"] = top / "endpoint.json"
        (ended,) = Workers(parcel.work, 1, parcel.timeout, memory=parcel.memory).run([Task(root, typed, parcel.entry)])
        return Returned(ended, files_of(output) if output.is_dir() else {})


def installed() -> str:
    """What decides the results of this machine."""
    from converters.batch.cache import code_version

    return code_version()


@contextmanager
def _children_allowed() -> Iterator[None]:
    """Workers of Dask are daemons, which `multiprocessing` lets have no children; ours end before the call does."""
    config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = before
