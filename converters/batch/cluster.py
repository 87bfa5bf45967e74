"""`--dask ADDRESS`: projects go to a Dask cluster as bytes, and their outputs come back as bytes. No disk is shared.

A project whose worker dies is given to another one by the cluster; after `distributed.scheduler.allowed-failures` it is a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from converters.batch.outputs import Made
from converters.batch.plan import Job
from converters.batch.remote import Parcel, Returned, convert_parcel, installed
from converters.batch.workers import Ended
from converters.errors import MigrateError, UsageError
from converters.reports.json import Document, failure

LARGEST = 64 * 2**20
"""Bytes of a project that is sent; larger ones are converted here."""
_WAIT = "15s"
_AHEAD = 2
"""Projects that are sent for each thread of the cluster."""


@dataclass(frozen=True)
class Sent:
    """A job with its number and what is sent of it."""

    number: int
    job: Job
    parcel: Parcel


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the cluster. Raises `UsageError` where there is none, or its workers have another version of this program."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise UsageError("--dask needs distributed.", hint="Install the extra: pip install '.[dask]' in a checkout.") from error
    try:
        client = distributed.Client(address, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        hint = "Start one with `dask scheduler` and `dask worker`, and give the address that it prints."
        raise UsageError(f"--dask: no cluster answers at {address}.", hint=hint) from error
    try:
        _require_same(client)
        yield client
    finally:
        client.close()


def _require_same(client: Any) -> None:
    hint = "Install the same checkout, with the same Python, on every worker."
    try:
        found = client.run(installed)
    except Exception as error:
        raise UsageError(f"--dask: the workers cannot run this program: {error}.", hint=hint) from error
    if not found:
        raise UsageError("--dask: the cluster has no worker.", hint="Start some with `dask worker`.")
    other = sorted(worker for worker, version in found.items() if version != installed())
    if other:
        raise UsageError(f"--dask: {', '.join(other)} has another version of this program or of Python.", hint=hint)


def run(client: Any, sent: Iterator[Sent], stopped: Callable[[], bool]) -> Iterator[Ended]:
    """Yield the ends as they come, each output written where its job says."""
    distributed: Any = import_module("distributed")
    threads = max(1, sum(client.nthreads().values()))
    waiting: dict[Any, Sent] = {}

    def submitted(parcels: Sequence[Sent]) -> list[Any]:
        made = {client.submit(convert_parcel, one.parcel, pure=False): one for one in parcels}
        waiting.update(made)
        return list(made)

    first = submitted(list(islice(sent, threads * _AHEAD)))
    done = distributed.as_completed(first, loop=client.loop, raise_errors=False)
    for future in done:
        if stopped():
            return
        one = waiting.pop(future)
        yield _end(one, future)
        for new in submitted(list(islice(sent, 1))):
            done.add(new)


def _end(sent: Sent, future: Any) -> Ended:
    if future.status != "finished":
        error = future.exception()
        return Ended(sent.number, 0, problem=f"the cluster did not convert it: {type(error).__name__}: {error}.")
    returned: Returned = future.result()
    ended = returned.ended
    if ended.answer is None:
        return Ended(sent.number, 0, problem=ended.problem, report=ended.report)
    return Ended(sent.number, 0, answer=_written(sent.job, Made(ended.answer, returned.files)))


def _written(job: Job, made: Made) -> Document:
    try:
        return made.put(job)
    except MigrateError as error:
        return failure(job.root, "refused", error, error.code, entry=job.entry)
