"""Steps, as they are read from what an engine prints."""

from __future__ import annotations

import pytest

from converters.rehearsal.dockerfile import prepare
from converters.rehearsal.engines import Place, Step
from converters.rehearsal.engines.output import Steps, said_by_the_step

TEXT = "FROM debian:12 AS a\nRUN one\nFROM debian:12\nCOPY --from=a /x /x\nRUN two\n"
PLACES = [Place("app.py", 10 + number) for number in range(5)]


def follow(*lines: str) -> tuple[Steps, list[tuple[int, str, int]]]:
    told: list[tuple[int, str, int]] = []

    def on_step(step: Step) -> None:
        told.append((step.number, step.state, step.place.line))

    steps = Steps(prepare(TEXT, {}, lambda image, line: image), PLACES, on_step)
    for line in lines:
        steps.line(line)
    return steps, told


def test_every_step_begins_and_ends_with_its_line() -> None:
    steps, told = follow(
        "[1/2] STEP 1/2: FROM debian:12 AS a",
        "[1/2] STEP 2/2: RUN x",
        "hello",
        "--> 0123456789ab",
        "[2/2] STEP 1/3: FROM debian:12",
        "[2/2] STEP 2/3: COPY --from=a /x /x",
        "--> Using cache 0123456789ab0123",
        "[2/2] STEP 3/3: RUN two",
    )
    steps.end()
    assert told == [
        (1, "running", 10), (1, "done", 10), (2, "running", 11), (2, "done", 11), (3, "running", 12), (3, "done", 12),
        (4, "running", 13), (4, "cached", 13), (5, "running", 14), (5, "done", 14),
    ]  # fmt: skip
    assert [step.state for step in steps.finished] == ["done", "done", "done", "cached", "done"]


def test_the_step_that_failed_has_what_it_printed() -> None:
    steps, told = follow("[1/2] STEP 1/2: FROM debian:12", "--> 0123456789ab", "[1/2] STEP 2/2: RUN x", "no such thing")
    failed = steps.fail()
    assert (failed.place.line, failed.state, steps.output, told[-1]) == (11, "failed", ["no such thing"], (2, "failed", 11))


def test_a_failure_before_any_step_is_the_first_one_s() -> None:
    assert follow("Error: nothing works")[0].fail().place.line == 10


def test_lines_that_name_no_step_of_the_file_are_output() -> None:
    steps, _ = follow("[1/2] STEP 2/2: RUN x", "[9/9] STEP 1/1: RUN y", "[1/2] STEP 7/9: RUN z", "STEP back: 3/4")
    assert steps.output == ["[9/9] STEP 1/1: RUN y", "[1/2] STEP 7/9: RUN z", "STEP back: 3/4"]


FAILED = "Error: building at STEP "


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["one", "two", "subprocess exited with status 1", "subprocess exited with status 1", f'{FAILED}"RUN x": exit status 1'],
            ["one", "two"],
        ),
        (["one", "subprocess exited on killed", f'{FAILED}"RUN x": exit status 1'], ["one"]),
        (["one", "", f'{FAILED}"RUN /bin/sh -c a', 'b": exit status 2'], ["one"]),
        (["one", f'{FAILED}"RUN a": error while running runtime: exit status 137'], ["one"]),
        (
            [f'{FAILED}"RUN true": unable to find user a: no matching entries in passwd file'],
            ["unable to find user a: no matching entries in passwd file"],
        ),
        (
            [f'{FAILED}"COPY a /b/": checking on sources under "/context": copier: stat: "/a": no such file or directory'],
            ['checking on sources under "/context": copier: stat: "/a": no such file or directory'],
        ),
        (["exit status 3 was expected"], ["exit status 3 was expected"]),
    ],
)
def test_what_the_engine_says_of_a_step_is_left_out(lines: list[str], said: list[str]) -> None:
    assert said_by_the_step(lines) == said
