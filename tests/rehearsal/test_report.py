"""What a rehearsal tells: a published document, and pages in which nothing that a project says is markup."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from converters.rehearsal.report import as_html, as_json, as_markdown, as_text, exit_code
from converters.rehearsal.result import Asked, Failure, Place, Rehearsal, StoodIn, Timing
from converters.reports.json import published_schema
from tests.reports.test_json import closed

ANSWERED = Rehearsal(
    app="upper",
    kind="requirements",
    reached="answered",
    python="3.11",
    stood_in=(StoodIn(what="python:3.11", by="Debian 12", differs=("no pip cache",)),),
    not_rehearsed=("https://host.example/weights.bin",),
    notes=("deploy it from Python 3.11",),
    requests=(Asked(what="POST /", body="{}", status=200, seconds=0.1),),
    timings=(Timing(what="FROM python:3.11", seconds=0.2),),
    seconds=12.5,
)
FAILED = Rehearsal(
    app="<b>pages</b>",
    kind="image",
    reached="loaded",
    failure=Failure(
        stage="build",
        what="RUN make `all`",
        why="make: *** No rule to make target 'all'",
        todo="Write one.",
        place=Place(file="Dockerfile", line=4),
        source=Place(file="build/Dockerfile", line=9),
        output=("<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "::error::forged"),
    ),
)
SKIPPED = Rehearsal(app="other", kind="server", reached="loaded", skipped="acme/base:1 is not known")


@pytest.mark.parametrize("rehearsals", [[ANSWERED], [FAILED], [SKIPPED], [ANSWERED, FAILED, SKIPPED]])
def test_the_document_fits_its_schema_and_every_field_is_described(rehearsals: list[Rehearsal]) -> None:
    schema = published_schema("rehearsal.schema.json")
    Draft202012Validator.check_schema(schema)
    made = json.loads(as_json("out", rehearsals))
    Draft202012Validator(schema).validate(made)
    Draft202012Validator(closed(schema)).validate(made)


@pytest.mark.parametrize(
    ("rehearsals", "code"),
    [([ANSWERED], 0), ([FAILED, ANSWERED], 7), ([SKIPPED], 2), ([SKIPPED, ANSWERED], 0), ([SKIPPED, FAILED], 7)],
)
def test_the_exit_code(rehearsals: list[Rehearsal], code: int) -> None:
    assert exit_code(rehearsals) == code


def test_the_text_leads_to_the_line() -> None:
    text = as_text([FAILED])
    assert text.splitlines()[:5] == [
        "<b>pages</b>: failed",
        "  Dockerfile:4: make: *** No rule to make target 'all'",
        "    at: RUN make `all`",
        "    comes from build/Dockerfile:9 of the source",
        "    Write one.",
    ]


def test_what_was_not_real_is_told() -> None:
    text = as_text([ANSWERED, SKIPPED])
    assert "  stood in for: python:3.11 by Debian 12 (no pip cache)\n" in text
    assert "  not rehearsed: https://host.example/weights.bin\n" in text
    assert "other: not rehearsed\n  not rehearsed: acme/base:1 is not known\n" in text


def test_no_output_of_a_project_controls_the_terminal_or_a_log() -> None:
    assert "\x1b" not in as_text([FAILED])
    for page in (as_text([FAILED]), as_markdown([FAILED]), as_html([FAILED])):
        assert not any(line.startswith("::") for line in page.splitlines())


def test_pages_escape_what_a_project_says() -> None:
    page = as_html([FAILED])
    assert "<script>" not in page and "&lt;b&gt;pages&lt;/b&gt;" in page
    assert "<script>" not in as_markdown([FAILED]).replace("`<script>alert(1)</script>`", "")


@pytest.mark.parametrize("render", [as_text, as_markdown, as_html])
def test_every_form_tells_the_failure_and_its_places(render: object) -> None:
    page = render([FAILED])  # type: ignore[operator]
    for told in ("Dockerfile:4", "build/Dockerfile:9", "Write one."):
        assert told in page
