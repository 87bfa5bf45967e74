"""Files that the project's code writes beside its answer, which are compared, and what it prints, which is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.verify.certificate import Differing, Trial
from converters.verify.compare import Difference, of_prints
from converters.verify.outcome import Outcome
from converters.verify.report import as_html, as_markdown, as_text
from tests.needs import needs
from tests.verify.made import Studied, studied

needs("runpod")

WORKER = '''
import os
import tempfile

import runpod


def handler(job):
    """Keep a note of every text."""
    text = job["input"]["text"]
    print("noting", text)
    os.makedirs("notes", exist_ok=True)
    with open("notes/new.txt", "w") as file:
        file.write(text)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
    os.rename("notes/new.txt", "notes/last.txt")
    return {"characters": len(text)}


runpod.serverless.start({"handler": handler})
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, scratch: Path) -> Studied:
    folder = tmp_path_factory.mktemp("effects")
    (folder / "worker").mkdir()
    (folder / "worker/handler.py").write_text(WORKER)
    return studied(folder / "worker", folder, drawn=0, seconds=10)


@pytest.mark.whole
def test_the_same_files_are_no_difference(found: Studied) -> None:
    assert found.certificate.verdict == "equivalent", found.certificate.why
    assert not any(trial.printed for trial in found.certificate.trials)
    (_, _, asked) = found.study.asked[0]
    assert asked.before.effects == (
        "makes '<project>/notes'",
        "moves '<project>/notes/new.txt', '<project>/notes/last.txt'",
        "writes '<project>/notes/new.txt'",
    )
    assert len(asked.before.printed) == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('os.rename("notes/new.txt", "notes/last.txt")', "pass", "moves '<project>/notes/new.txt', '<project>/notes/last.txt'"),
        pytest.param(
            '"notes/last.txt"', '"notes/first.txt"', "moves '<project>/notes/new.txt', '<project>/notes/last.txt'", marks=pytest.mark.whole
        ),
    ],
)
def test_a_file_that_is_missing_is_a_difference(found: Studied, tmp_path: Path, old: str, new: str, told: str) -> None:
    changed = found.study.first_difference(found.with_bug("app.py", old, new, tmp_path))
    assert isinstance(changed, Trial), changed
    assert [(difference.path, difference.source) for difference in changed.differences] == [("effects", told)]


@pytest.mark.whole
def test_what_is_printed_otherwise_is_told(found: Studied, tmp_path: Path) -> None:
    changed = found.with_bug("app.py", '"noting"', '"Noting"', tmp_path)
    assert found.study.first_difference(changed) is None


def outcome(*printed: str) -> Outcome:
    return Outcome("result", 1, printed=printed)


@pytest.mark.parametrize(
    ("source", "again", "target", "expected"),
    [
        (("a",), ("a",), ("a",), None),
        (("a", "b"), ("a", "b"), ("a", "c"), Difference("printed[1]", "b", "c")),
        (("a", "b"), ("a", "b"), ("a",), Difference("printed[1]", "b", "nothing more")),
        ((), (), ("a",), Difference("printed[0]", "nothing more", "a")),
        (("1 s",), ("2 s",), ("3 s",), None),
    ],
)
def test_the_first_print_that_differs(
    source: tuple[str, ...], again: tuple[str, ...], target: tuple[str, ...], expected: Difference | None
) -> None:
    assert of_prints(outcome(*source), outcome(*again), outcome(*target)) == expected


def test_every_view_tells_it(found: Studied) -> None:
    certificate = found.certificate.model_copy(deep=True)
    certificate.trials[0].printed = Differing(path="printed[0]", source="one <b>", target="two")
    assert "printed otherwise" in as_text([certificate])
    assert "one <b> became two" in as_text([certificate])
    assert "## Printed otherwise" in as_markdown([certificate])
    assert "one &lt;b&gt;" in as_html([certificate])
