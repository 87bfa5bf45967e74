"""What bounds a build beside the kernel, and what is remembered of a build that was ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from converters.rehearsal.engines import disk
from converters.rehearsal.engines.contents import Contents
from converters.rehearsal.engines.disk import Disk
from converters.rehearsal.engines.leftovers import Use

MEBI = 2**20


class Free:
    """How much the disk has left, as the test says."""

    def __init__(self) -> None:
        self.bytes = 100 * 2**30

    def __call__(self, folder: Path) -> int:
        return self.bytes


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    made = Free()
    monkeypatch.setattr(disk, "_free", made)
    monkeypatch.setattr(disk, "_PERIOD", 0.01)
    return made


def told(folder: Path, free: Free, written: int, lost: int, *, before: bool = False) -> list[str]:
    """What is said where a build may write 3 MiB, has written so many bytes into a new layer, and the disk has lost so many."""
    layers = folder / "overlay"
    layers.mkdir()
    said: list[str] = []
    if before:
        _layer(layers, written)
        os.utime(layers / "layer", (1, 1))
    with Disk([layers], 3 * MEBI, said.append):
        if not before:
            _layer(layers, written)
        free.bytes -= lost
        time.sleep(0.1)
    return said


def _layer(layers: Path, written: int) -> None:
    (layers / "layer" / "diff").mkdir(parents=True)
    (layers / "layer" / "diff" / "file").write_bytes(os.urandom(written))


def test_a_build_that_writes_too_much_is_told_of_once(tmp_path: Path, free: Free) -> None:
    assert told(tmp_path, free, 4 * MEBI, 4 * MEBI) == ["wrote more than 0.0 GiB"]


def test_a_build_that_writes_little_is_not_blamed_for_others(tmp_path: Path, free: Free) -> None:
    assert told(tmp_path, free, 1 * MEBI, 20 * MEBI) == []


def test_layers_of_earlier_builds_do_not_count(tmp_path: Path, free: Free) -> None:
    assert told(tmp_path, free, 4 * MEBI, 4 * MEBI, before=True) == []


def test_the_disk_is_never_filled(tmp_path: Path, free: Free) -> None:
    assert told(tmp_path, free, 0, 99 * 2**30) == ["left the disk less than 2.0 GiB"]


def test_leftovers_are_removed_by_whoever_is_alone_with_them(tmp_path: Path) -> None:
    first = Use(tmp_path)
    assert not first.has_leftovers
    first.leaves()
    second = Use(tmp_path)  # while the first one still uses the store
    assert not second.has_leftovers
    first.close()
    second.close()
    third = Use(tmp_path)
    assert third.has_leftovers
    third.clean()
    fourth = Use(tmp_path)
    assert not third.has_leftovers and not fourth.has_leftovers
    third.close()
    fourth.close()


def test_folders_of_rooms_that_were_killed_are_removed(tmp_path: Path) -> None:
    left = tmp_path / "rooms" / "room-1"
    left.mkdir(parents=True)
    use = Use(tmp_path)
    assert use.has_leftovers
    own = tmp_path / "rooms" / "room-2"
    own.mkdir()
    use.clean()
    assert not left.exists() and own.exists()
    other = Use(tmp_path)  # while the folder of the first one is there
    assert not other.has_leftovers
    use.close()
    other.close()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda folder: (folder / "src" / "a.py").write_text("2"), False),
        (lambda folder: (folder / "src" / "new.py").write_text(""), False),
        (lambda folder: (folder / "src" / "a.py").chmod(0o755), False),
        (lambda folder: (folder / "src" / "a.py").rename(folder / "src" / "b.py"), False),
        (lambda folder: (folder / "other.py").write_text("2"), True),
        (lambda folder: os.utime(folder / "src" / "a.py", (1, 1)), True),
    ],
)
def test_the_digest_of_a_directory_is_that_of_what_it_holds(change: object, same: bool, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("1")
    (tmp_path / "src" / "a.py").chmod(0o644)
    before = Contents(tmp_path).digest("src")
    change(tmp_path)  # type: ignore[operator]
    assert (Contents(tmp_path).digest("src") == before) is same


def test_what_is_not_there_has_a_digest_of_its_own(tmp_path: Path) -> None:
    before = Contents(tmp_path).digest("lock")
    (tmp_path / "lock").write_text("")
    assert Contents(tmp_path).digest("lock") != before
