"""The count of changed lines is what a person would count in the diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus import changes

BEFORE = "import runpod\n\na = 1\n\n\ndef f():\n    return a\n\n\nrunpod.serverless.start({})\n"
COUNTS = [
    pytest.param(BEFORE, 0, id="nothing"),
    pytest.param(BEFORE.replace("import runpod\n", ""), 1, id="a line that is gone"),
    pytest.param(BEFORE.replace("a = 1", "a = 2"), 1, id="a line that is rewritten"),
    pytest.param(BEFORE.replace("a = 1", "a = 1\nb = 2\nc = 3"), 2, id="lines that are new"),
    pytest.param(
        BEFORE.replace("import runpod\n\n", "").replace("\n\n\nrunpod.serverless.start({})", ""), 2, id="blank lines do not count"
    ),
    pytest.param("", 5, id="everything"),
]


@pytest.mark.parametrize(("after", "expected"), COUNTS)
def test_changed_lines(after: str, expected: int) -> None:
    assert changes.changed_lines(BEFORE, after) == expected


def test_only_a_kept_file_has_a_figure(tmp_path: Path) -> None:
    for folder, text in (("source", BEFORE), ("out", BEFORE.replace("import runpod\n", ""))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "handler.py").write_text(text)
    items = [
        {"file": "handler.py", "rule": "RP001", "disposition": "dropped", "message": "unused"},
        {"file": "handler.py", "rule": "RP030", "disposition": "kept", "message": "stays"},
        {"file": "Dockerfile", "rule": "DK008", "disposition": "converted", "message": "the command"},
    ]
    document = {"ledger": {"items": items}}
    kept = {"entry": "handler.py", "style": "keep"}
    assert changes.measure(tmp_path / "source", tmp_path / "out", document, kept) == {"changed_lines": 1, "changed_by": ["RP001: unused"]}
    assert changes.measure(tmp_path / "source", tmp_path / "out", document, {**kept, "style": "native"}) == {}
    assert changes.measure(tmp_path / "source", tmp_path / "out", document, {**kept, "entry": "gone.py"}) == {}


def test_the_summary_names_what_is_over_the_limit() -> None:
    rows = [{"uid": f"u{n}", "changed_lines": n, "changed_by": ["RP005: moved"]} for n in (1, 3, 16)] + [{"uid": "native"}]
    assert changes.summary(rows) == {"changed lines, median": 3, "changed lines, over 15": {"u16": "16 (RP005: moved)"}}
    assert changes.summary([])["changed lines, median"] is None
