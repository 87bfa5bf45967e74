"""Steps from the cache tell what they asked for when they were made."""

from __future__ import annotations

from pathlib import Path

from converters.rehearsal.engines import Place, Step
from converters.rehearsal.memory import Memory, doubled, stubs
from converters.rehearsal.outside.asked import Asked

TORCH = Asked("files.example", "https://files.example/torch-2.1.0.whl", "stub", "torch 2.1.0: needs a GPU")
WEIGHTS = Asked("host.example", "https://host.example/w.bin", "doubled")
APT = Asked("deb.debian.org", "http://deb.debian.org/jq.deb", "forwarded")


def step(instruction: str, state: str) -> Step:
    return Step(1, 2, instruction, Place(), state)  # type: ignore[arg-type]


def built(folder: Path | None, *steps: tuple[str, str, list[Asked]]) -> list[Asked]:
    memory = Memory(folder)
    for instruction, state, asked in steps:
        memory.step(step(instruction, state), asked)
    return memory.asked


def test_what_was_asked_for_once_is_told_again_where_the_step_comes_from_the_cache(tmp_path: Path) -> None:
    assert built(tmp_path, ("FROM a", "done", []), ("RUN pip", "done", [TORCH, APT])) == [TORCH]
    assert built(tmp_path, ("FROM a", "cached", []), ("RUN pip", "cached", [])) == [TORCH]


def test_the_same_instruction_after_another_one_is_another_step(tmp_path: Path) -> None:
    built(tmp_path, ("FROM a", "done", []), ("RUN pip", "done", [TORCH]))
    assert built(tmp_path, ("FROM b", "cached", []), ("RUN pip", "cached", [])) == []


def test_a_step_that_was_made_anew_asks_anew(tmp_path: Path) -> None:
    built(tmp_path, ("RUN wget", "done", [WEIGHTS]))
    assert built(tmp_path, ("RUN wget", "done", [])) == []
    assert built(tmp_path, ("RUN wget", "cached", [])) == []


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    assert built(None, ("RUN wget", "done", [WEIGHTS])) == [WEIGHTS]
    assert built(None, ("RUN wget", "cached", [])) == []


def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    built(tmp_path, ("RUN wget", "done", [WEIGHTS]))
    for file in tmp_path.iterdir():
        file.write_text('[{"host": 1')
    assert built(tmp_path, ("RUN wget", "cached", [])) == []


def test_of_the_releases_that_an_installer_tried_the_last_is_told() -> None:
    newer = Asked("files.example", "https://files.example/torch-2.3.0.whl", "stub", "torch 2.3.0: needs a GPU")
    assert [one.what for one in stubs([newer, TORCH])] == ["torch 2.1.0"]


def test_packages_and_addresses_are_told_once() -> None:
    assert [(one.what, one.by, one.differs) for one in stubs([TORCH, TORCH, WEIGHTS])] == [("torch 2.1.0", "a stub", ("needs a GPU",))]
    assert doubled([WEIGHTS, APT, WEIGHTS, TORCH]) == ["https://host.example/w.bin"]
