"""`--endpoint-config-dir`: which exported endpoint belongs to which project of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from converters.batch.plan import Job
from converters.errors import UsageError

_SUFFIX = ".json"
UNUSED = "an endpoint's settings, of no project of this batch"


@dataclass(frozen=True)
class EndpointConfigs:
    """`of`: a job's number -> its file; `unused`: files that are no project's."""

    of: dict[int, Path] = field(default_factory=dict)
    unused: tuple[Path, ...] = ()


def endpoint_configs(folder: Path | None, jobs: Sequence[Job]) -> EndpointConfigs:
    """The file of each job: `PATH.json` for a project at PATH below the path given, else `NAME.json` for the only project of that name.

    Raises `UsageError` where `folder` is none.
    """
    if folder is None:
        return EndpointConfigs()
    if not folder.is_dir():
        raise UsageError("is no folder.", file=str(folder), hint="--endpoint-config-dir takes a folder with PROJECT.json files.")
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob(f"*{_SUFFIX}")) if path.is_file()}
    shared = Counter(job.root.name for job in jobs)
    found: dict[int, Path] = {}
    for number, job in enumerate(jobs):
        wanted = [job.inside, job.root.name] if shared[job.root.name] == 1 else [job.inside]
        name = next((f"{name}{_SUFFIX}" for name in wanted if f"{name}{_SUFFIX}" in files), None)
        if name is not None:
            found[number] = files[name]
    used = set(found.values())
    return EndpointConfigs(found, tuple(path for path in files.values() if path not in used))
