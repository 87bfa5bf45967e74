"""A batch of 200 with one that crashes the interpreter, one that loops, one that eats memory and one that cannot be read."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from converters.reports.json import Document
from tests import batch_of_200 as batch

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return batch.lay(tmp_path_factory.mktemp("batch") / "top")


@pytest.fixture(scope="module")
def whole(top: Path) -> tuple[Document, Path]:
    return batch.run(top, top.parent / "whole"), top.parent / "whole"


def files(output: Path) -> dict[str, bytes]:
    """The outputs, without the journals."""
    found = (path for path in output.rglob("*") if path.is_file() and not path.name.startswith(".fal-migrate-batch"))
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


def ends(made: Document) -> dict[str, tuple[str, int, str]]:
    return {Path(one["source"]["path"]).name: (one["status"], one["exit_code"], one["message"] or "") for one in made["results"]}


def test_four_are_reported_and_the_others_are_right(whole: tuple[Document, Path]) -> None:
    made, output = whole
    found = ends(made)
    well = {name: end for name, end in found.items() if end[0] == "partial"}
    assert len(found) == batch.COUNT
    assert len(well) == batch.COUNT - 4
    assert {name: end[0] for name, end in found.items() if name not in well} == {
        "p-050": "crashed",
        "p-100": "crashed",
        "p-150": "crashed",
        "p-199": "unreadable",
    }
    assert "SIGSEGV" in found["p-050"][2]
    assert "longer than 20 s" in found["p-100"][2]
    assert "more memory than 1024 MB" in found["p-150"][2]
    told = files(output)
    for name in well:
        assert f'"text{int(name[2:])}"'.encode() in told[f"{name}-fal/fal-contract.json"]


def test_a_killed_batch_that_is_resumed_comes_to_the_same(top: Path, whole: tuple[Document, Path]) -> None:
    output = top.parent / "killed"
    running = subprocess.Popen([sys.executable, "-m", "tests.batch_of_200", str(top), str(output), "1/1"])
    journal = output / ".fal-migrate-batch.jsonl"
    while running.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 30):
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=0.05)
    running.kill()
    assert running.wait() < 0, "it was done before it was killed"
    finished = journal.read_bytes().count(b"\n")
    assert finished < batch.COUNT - 4
    made = batch.run(top, output, resume=True)
    assert ends(made) == ends(whole[0])
    assert files(output) == files(whole[1])


def test_two_shards_are_the_whole(top: Path, whole: tuple[Document, Path]) -> None:
    output = top.parent / "shards"
    parts = [batch.run(top, output, f"{number}/2") for number in (1, 2)]
    first, second = (ends(part) for part in parts)
    assert not first.keys() & second.keys()
    assert {**first, **second} == ends(whole[0])
    assert files(output) == files(whole[1])
