"""A batch on a real Dask cluster of two workers comes to what a batch here comes to."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converters.batch import BatchRequest, run_batch
from converters.batch.cluster import connected
from converters.batch.task import convert_task
from converters.cli import answer
from converters.errors import UsageError
from converters.reports.json import Document
from tests import jobs, made
from tests.verify.made import FIXTURES

pytestmark = [pytest.mark.whole, pytest.mark.filterwarnings("default")]
TYPED: dict[str, Any] = {"settings": [], "only": [], "skip": [], "check": False, "force": False}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process with a nanny that starts another where it dies."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


def convert(paths: tuple[Path, ...], output: Path, work: Any = convert_task, **request: Any) -> Document:
    return run_batch(BatchRequest(paths, output, 2, typed=TYPED, **request), work)


def files(output: Path) -> dict[str, tuple[int, bytes]]:
    found = (path for path in output.rglob("*") if path.is_file() and not path.name.startswith(".fal-migrate-batch"))
    return {path.relative_to(output).as_posix(): (path.stat().st_mode, path.read_bytes()) for path in found}


def forbidden(*_: object) -> None:
    raise AssertionError("was converted here")


def told(document: Document, output: Path) -> str:
    return str(document).replace(str(output), "OUT")


def test_fixtures_come_out_as_they_do_here(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = tuple(FIXTURES / name for name in ("runpod", "replicate"))
    here = convert(paths, tmp_path / "here")
    monkeypatch.setattr("converters.batch.workers.Workers._start", forbidden)
    there = convert(paths, tmp_path / "there", dask=cluster.scheduler_address)
    assert len(here["results"]) > 20
    assert told(there, tmp_path / "there") == told(here, tmp_path / "here")
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_a_killed_worker_costs_nothing(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        made.source(tmp_path / "top", f"p{number}")
    here = convert((tmp_path / "top",), tmp_path / "here")
    first = next(iter(cluster.workers.values()))
    killed: list[int] = []

    def add(_journal: object, _job: object, _made: object) -> None:
        if not killed:
            killed.append(first.process.pid)
            os.kill(first.process.pid, signal.SIGKILL)

    monkeypatch.setattr("converters.batch.journal.Journal.add", add)
    monkeypatch.setattr("converters.batch.workers.Workers._start", forbidden)
    there = convert((tmp_path / "top",), tmp_path / "there", dask=cluster.scheduler_address)
    assert killed
    assert told(there, tmp_path / "there") == told(here, tmp_path / "here")
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_hostile_projects_end_as_they_do_here_and_the_workers_live(cluster: Any, tmp_path: Path) -> None:
    for name, behave in {"a": "", "b": "segfault", "c": "hang", "d": "eat", "e": ""}.items():
        root = made.source(tmp_path / "top", name)
        if behave:
            (root / "behave").write_text(behave)
    limits: dict[str, Any] = {"timeout": 15.0, "memory": 2**30, "work": jobs.convert_or_behave}
    here = convert((tmp_path / "top",), tmp_path / "here", **limits)
    there = convert((tmp_path / "top",), tmp_path / "there", dask=cluster.scheduler_address, **limits)
    assert [(one["status"], one["message"]) for one in there["results"]] == [(one["status"], one["message"]) for one in here["results"]]
    assert there["counts"]["crashed"] == 3
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_what_cannot_be_sent_is_converted_here(cluster: Any, tmp_path: Path) -> None:
    root = made.source(tmp_path / "top")
    (root / "link").symlink_to("/etc")
    (tmp_path / "top/other").symlink_to(made.source(tmp_path, "other"))
    there = convert((tmp_path / "top",), tmp_path / "there", dask=cluster.scheduler_address)
    assert [one["status"] for one in there["results"]] == ["partial"]


def test_a_cluster_that_is_not_there_or_another_version_is_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("converters.batch.cluster._WAIT", "1s")
    made.source(tmp_path / "top")
    assert answer(["batch", str(tmp_path / "top"), "--dask", "tcp://127.0.0.1:9"]) == 2
    assert "no cluster answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    assert answer(["batch", str(tmp_path / "top"), "--dask", "nonsense"]) == 2
    monkeypatch.setattr("converters.batch.cluster._WAIT", "15s")
    monkeypatch.setattr("converters.batch.cache.__version__", "0.0")
    from converters.batch.cache import code_version

    code_version.cache_clear()
    try:
        with pytest.raises(UsageError, match="another version"), connected(cluster.scheduler_address):
            pass
    finally:
        monkeypatch.undo()
        code_version.cache_clear()
