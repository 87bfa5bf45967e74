"""`migrate batch`: many projects, each converted in a process of its own, one result per project whatever happens to the others."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from converters.batch.cache import Cache
from converters.batch.endpoints import UNUSED, endpoint_configs
from converters.batch.journal import Journal
from converters.batch.plan import Job, Plan, planned
from converters.batch.selection import Changes
from converters.batch.task import Task, convert_task
from converters.batch.workers import Ended, Workers
from converters.commands.arguments import options_of
from converters.commands.config import Config
from converters.errors import ExitCode, MigrateError, UsageError
from converters.output import clear_scratch
from converters.reports.json import VERSION, Document, failure


@dataclass(frozen=True)
class BatchRequest:
    """Everything that `migrate batch` was asked for. `typed` are the options of `migrate PATH` that go to every project."""

    paths: tuple[Path, ...]
    output: Path | None = None
    jobs: int = 1
    timeout: float = 60.0
    shard: tuple[int, int] = (1, 1)
    resume: bool = False
    quiet: bool = False
    memory: int | None = None
    """Bytes for each project; None for no limit."""
    only_changed: str = ""
    """A commit: projects without a file that differs from it are left out."""
    endpoint_configs: Path | None = None
    """Folder of exported endpoints, by project."""
    cache: Path | None = None
    """Folder of results that need not be made again."""
    dask: str = ""
    """Address of the scheduler of a Dask cluster that converts."""
    typed: dict[str, Any] = field(default_factory=dict)


def run_batch(request: BatchRequest, work: Callable[[Task], Document] = convert_task) -> Document:
    """Convert every unit below the paths and answer with the document of the batch (`batch.schema.json`).

    Raises `UsageError` for an option that fits no project, before anything is done.
    """
    options_of(Config(Path()), request.typed)
    plan = planned(request.paths, request.output)
    selected = _selected(request, plan)
    jobs = selected[request.shard[0] - 1 :: request.shard[1]]
    journal = Journal.open(request.output, request.shard, resume=request.resume, options=request.typed)
    if request.cache is not None and any(request.cache.resolve().is_relative_to(job.root.resolve()) for job in plan.jobs):
        raise UsageError("lies inside a project, which is never written to.", file=str(request.cache), hint="Choose another --cache.")
    cache = Cache.open(request.cache, request.typed)
    results: list[Document | None] = [job.problem or journal.get(job) for job in jobs]
    keys = [cache.key(job) if result is None else "" for job, result in zip(jobs, results, strict=True)]
    taken = [_taken(cache, journal, job, key) for job, key in zip(jobs, keys, strict=True)]
    keys = ["" if os.path.lexists(job.output) else key for job, key in zip(jobs, keys, strict=True)]  # edits of a person are no result
    results = [result or known for result, known in zip(results, taken, strict=True)]
    todo = [number for number, result in enumerate(results) if result is None]
    interrupt = _Interrupt()
    try:
        with interrupt.awaited(), _progress(request, len(jobs), len(todo)) as advance:
            for ended in _ends(request, [(number, jobs[number]) for number in todo], work, lambda: interrupt.came):
                job = jobs[ended.number]
                results[ended.number] = made = _result(job, ended)
                journal.add(job, made)
                cache.add(job, keys[ended.number], made)
                advance()
    except KeyboardInterrupt:
        interrupt.came = True
    return {
        **_document(request, jobs, results, interrupt.came),
        "from_cache": sum(known is not None for known in taken),
        "left_out": [{"path": str(path), "why": why} for path, why in plan.left_out],
    }


def _selected(request: BatchRequest, plan: Plan) -> list[Job]:
    """The jobs that are meant, each with its endpoint's settings; what is not, is left out with the reason."""
    configs = endpoint_configs(request.endpoint_configs, plan.jobs)
    plan.left_out += [(path, UNUSED) for path in configs.unused]
    jobs = [replace(job, endpoint=configs.of.get(number)) for number, job in enumerate(plan.jobs)]
    if not request.only_changed:
        return jobs
    changes = Changes(request.only_changed)
    touched = [job.problem is not None or changes.touch(job.root, (job.endpoint,) if job.endpoint else ()) for job in jobs]
    plan.left_out += [(job.root, changes.why_not) for job, is_touched in zip(jobs, touched, strict=True) if not is_touched]
    return [job for job, is_touched in zip(jobs, touched, strict=True) if is_touched]


def _task(request: BatchRequest, job: Job) -> Task:
    force = bool(request.typed.get("force")) or request.resume
    own = {"endpoint_config": job.endpoint} if job.endpoint else {}
    return Task(job.root, {**request.typed, **own, "force": force, "output": job.output}, job.entry)


Numbered = list[tuple[int, Job]]


def _ends(request: BatchRequest, todo: Numbered, work: Callable[[Task], Document], stopped: Callable[[], bool]) -> Iterator[Ended]:
    """How the jobs ended, by their numbers: on the cluster where one is given, and what cannot be sent there here."""
    if request.dask:
        kept: Numbered = []
        yield from _sent(request, todo, work, stopped, kept)
        todo = kept
    tasks = [_task(request, job) for _, job in todo]
    for ended in Workers(work, request.jobs, request.timeout, stopped, request.memory).run(tasks):
        yield replace(ended, number=todo[ended.number][0])


def _sent(
    request: BatchRequest, todo: Numbered, work: Callable[[Task], Document], stopped: Callable[[], bool], kept: Numbered
) -> Iterator[Ended]:
    """What the cluster does; `kept` gets the jobs with an output already, which is renewed here, and those bound to this machine."""
    from converters.batch import cluster
    from converters.batch.contents import BoundHere, packed
    from converters.batch.remote import Parcel

    def parcels() -> Iterator[cluster.Sent]:
        for number, job in todo:
            try:
                if os.path.lexists(job.output):
                    raise BoundHere("there is an output")
                contents = packed(job.root, cluster.LARGEST)
                endpoint = job.endpoint.read_bytes() if job.endpoint else None
            except (BoundHere, OSError):
                kept.append((number, job))
                continue
            name = job.root.resolve().name
            parcel = Parcel(name, contents, job.entry, request.typed, endpoint, request.timeout, request.memory, work)
            yield cluster.Sent(number, job, parcel)

    with cluster.connected(request.dask) as client:
        yield from cluster.run(client, parcels(), stopped)


def _taken(cache: Cache, journal: Journal, job: Job, key: str) -> Document | None:
    """What the cache knows of a job. Where its output cannot be written, converting says why."""
    try:
        known = cache.take(job, key)
    except (MigrateError, ValueError):
        return None
    if known is not None:
        journal.add(job, known)
    return known


def _result(job: Job, ended: Ended) -> Document:
    if ended.answer is not None:
        return ended.answer
    clear_scratch(job.output, ended.process)
    made = failure(job.root, "crashed", ended.problem, ExitCode.BUG, entry=job.entry)
    if ended.report:
        from converters.terminal import save_report

        made["report"] = str(save_report(ended.report))
    return made


def _document(request: BatchRequest, jobs: Sequence[Job], results: Sequence[Document | None], interrupted: bool) -> Document:
    missing = "was not converted: the batch was interrupted."
    rows = zip(jobs, results, strict=True)
    whole = [result or failure(job.root, "interrupted", missing, ExitCode.INTERRUPTED, entry=job.entry) for job, result in rows]
    code = max((result["exit_code"] for result in whole), default=0)
    return {
        "version": VERSION,
        "exit_code": int(ExitCode.INTERRUPTED if interrupted else code),
        "shard": f"{request.shard[0]}/{request.shard[1]}",
        "counts": dict(sorted(Counter(result["status"] for result in whole).items())),
        "same_names": _same_names(whole),
        "results": whole,
    }


def _same_names(results: Sequence[Document]) -> list[Document]:
    """Apps of several projects that have one name: in one account, the one that is deployed last takes the place of the others."""
    found: dict[str, list[str]] = {}
    for result in results:
        for app in result["apps"]:
            found.setdefault(app["name"], []).append(result["output"] or result["source"]["path"])
    return [{"name": name, "projects": projects} for name, projects in sorted(found.items()) if len(projects) > 1]


@dataclass
class _Interrupt:
    """SIGTERM ends a batch as Ctrl-C does, so that no worker outlives it. It is noted besides: Python drops what a callback raises."""

    came: bool = False

    @contextmanager
    def awaited(self) -> Iterator[None]:
        def interrupt(*_: object) -> None:
            self.came = True
            raise KeyboardInterrupt

        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _progress(request: BatchRequest, total: int, todo: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, on a terminal only."""
    if request.quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("converting", total=total, completed=total - todo)
        yield lambda: progress.advance(bar)
