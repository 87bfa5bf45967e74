"""What is known of a project is not made again, and never anything else is taken for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converters.batch import BatchRequest, run_batch
from converters.batch.cache import Cache
from converters.batch.contents import BoundHere, digest_of_project, packed, unpack
from converters.batch.plan import Job
from converters.cli import answer
from converters.errors import UsageError
from converters.reports.json import Document
from tests import jobs, made

OPTIONS: dict[str, Any] = {"settings": [], "check": False}


def forbidden(_: object) -> Document:
    raise AssertionError("was converted")


def job(tmp_path: Path, name: str = "worker", output: str = "out") -> Job:
    root = tmp_path / name
    return Job(root if root.exists() else made.source(tmp_path, name), "handler.py", tmp_path / output)


def known(cache: Cache, one: Job) -> Document:
    """A conversion that the cache has kept."""
    key = cache.key(one)
    task = jobs.Task(one.root, {"output": one.output, "force": False}, one.entry)
    document = jobs.convert(task)
    cache.add(one, key, document)
    return document


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache.open(tmp_path / "cache", OPTIONS)


def held(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {p.relative_to(folder).as_posix(): (p.stat().st_mode, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


def test_the_same_bytes_come_out_elsewhere_with_the_paths_of_there(tmp_path: Path, cache: Cache) -> None:
    first = known(cache, job(tmp_path))
    (tmp_path / "other").mkdir()
    other = job(tmp_path / "other")
    document = cache.take(other, cache.key(other))
    assert document is not None
    assert held(tmp_path / "out") == held(tmp_path / "other/out") != {}
    assert (document["output"], document["source"]["path"]) == (str(tmp_path / "other/out"), str(tmp_path / "other/worker"))
    assert {**document, "output": 0, "source": 0} == {**first, "output": 0, "source": 0}


def edited(root: Path) -> None:
    (root / "handler.py").write_text("pass\n")


def renamed(root: Path) -> None:
    (root / "data/start.sh").rename(root / "data/begin.sh")


def permitted(root: Path) -> None:
    (root / "data/start.sh").chmod(0o644)


def extended(root: Path) -> None:
    (root / "empty").mkdir()


def linked(root: Path) -> None:
    (root / "link").symlink_to("handler.py")


@pytest.mark.parametrize("change", [edited, renamed, permitted, extended, linked])
def test_another_project_has_another_key(tmp_path: Path, cache: Cache, change: Callable[[Path], None]) -> None:
    one = job(tmp_path)
    before = cache.key(one)
    assert before == cache.key(one)
    change(one.root)
    assert cache.key(one) not in ("", before)


def test_options_endpoints_entries_and_versions_have_keys_of_their_own(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job(tmp_path)
    endpoint = tmp_path / "endpoint.json"
    endpoint.write_text("{}")
    other = Cache.open(tmp_path / "cache", {**OPTIONS, "check": True})
    keys = [cache.key(one), other.key(one), cache.key(Job(one.root, "", one.output))]
    keys.append(cache.key(Job(one.root, one.entry, one.output, endpoint=endpoint)))
    monkeypatch.setattr("converters.batch.cache.fingerprint", lambda: "another version")
    keys.append(cache.key(one))
    assert len(set(keys)) == 5


def test_what_force_is_given_for_does_not_change_a_result(tmp_path: Path, cache: Cache) -> None:
    assert Cache.open(tmp_path / "cache", {**OPTIONS, "force": True}).key(job(tmp_path)) == cache.key(job(tmp_path))


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: b"", lambda data: b"no gzip", lambda data: altered(data)])
def test_a_damaged_entry_is_none(tmp_path: Path, cache: Cache, damage: Callable[[bytes], bytes]) -> None:
    one = job(tmp_path)
    known(cache, one)
    (entry,) = (tmp_path / "cache").rglob("*.gz")
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.take(Job(one.root, one.entry, tmp_path / "again"), cache.key(one)) is None
    assert not (tmp_path / "again").exists()


def altered(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b"converted", b"convinced", 1))


def test_an_output_that_a_person_edited_is_not_taken_for_the_result(tmp_path: Path, cache: Cache) -> None:
    one = job(tmp_path)
    known(cache, one)
    assert cache.take(one, cache.key(one)) is not None
    (one.output / "app.py").write_text("mine\n")
    assert cache.take(one, cache.key(one)) is None
    assert (one.output / "app.py").read_text() == "mine\n"


def test_a_project_that_changed_while_it_was_converted_is_not_kept(tmp_path: Path, cache: Cache) -> None:
    one = job(tmp_path)
    key = cache.key(one)
    edited(one.root)
    cache.add(one, key, {"status": "converted", "output": None})
    assert not list((tmp_path / "cache").rglob("*.gz"))


def test_a_project_that_is_more_than_its_bytes_has_no_key(tmp_path: Path, cache: Cache) -> None:
    one = job(tmp_path)
    (one.root / "link").symlink_to("/etc")
    assert cache.key(one) == ""
    with pytest.raises(BoundHere):
        packed(one.root, 10**6)


def test_a_project_too_large_to_send_is_bound_here(tmp_path: Path) -> None:
    with pytest.raises(BoundHere, match="more than 10 bytes"):
        packed(job(tmp_path).root, 10)


def test_a_packed_project_is_the_same_project(tmp_path: Path) -> None:
    root = job(tmp_path).root
    linked(root)
    extended(root)
    (root / ".git").mkdir()
    (tmp_path / "there").mkdir()
    unpack(packed(root, 10**6), tmp_path / "there")
    assert digest_of_project(tmp_path / "there") == digest_of_project(root)
    assert not (tmp_path / "there/.git").exists()


@pytest.mark.whole
def test_a_second_batch_converts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        made.source(tmp_path / "top", name)
    request = BatchRequest((tmp_path / "top",), tmp_path / "out", 2, cache=tmp_path / "cache", typed=OPTIONS)
    first = run_batch(request, jobs.convert)
    before = held(tmp_path / "out")
    (tmp_path / "out/b-fal/app.py").unlink()
    (tmp_path / "out/b-fal").rename(tmp_path / "gone")
    monkeypatch.setattr("converters.batch.workers.Workers._start", forbidden)
    second = run_batch(request, jobs.convert)
    assert (first["from_cache"], second["from_cache"]) == (0, 2)
    assert {**second, "from_cache": 0} == first
    assert held(tmp_path / "out").keys() == before.keys()
    assert held(tmp_path / "out")["b-fal/app.py"] == before["b-fal/app.py"]


def test_what_asks_more_than_the_project_is_not_cached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.source(tmp_path / "top")
    assert answer(["batch", str(tmp_path / "top"), "--cache", str(tmp_path / "cache"), "--rehearse"]) == 2
    assert "keeps what depends on the project alone" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        Cache.open(tmp_path / "file/cache", OPTIONS)


def test_a_cache_inside_a_project_is_refused(tmp_path: Path) -> None:
    root = made.source(tmp_path / "top")
    with pytest.raises(UsageError, match="lies inside a project"):
        run_batch(BatchRequest((tmp_path / "top",), tmp_path / "out", cache=root / "cache", typed=OPTIONS), jobs.convert)
    assert not (root / "cache").exists()
