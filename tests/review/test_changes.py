"""What a reviewer sees of the changed lines: both sides, where each generated line comes from, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.review import changes as module
from converters.review.changes import FileReview, changes
from converters.review.links import Link, links
from tests import made

KEY = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ012345" + "ab"
WORKER = (
    "import runpod\n\n\ndef handler(job):\n    return {'text': job['input']['prompt']}\n\n\nrunpod.serverless.start({'handler': handler})\n"
)


def reviewed(folder: Path, files: dict[str, str]) -> dict[str, FileReview]:
    for name, text in files.items():
        (folder / name).write_text(text)
    outcome = convert(folder, Options())
    assert isinstance(outcome, Converted), outcome
    return {file.path: file for file in changes(outcome)}


def test_both_sides_have_every_line_once(tmp_path: Path) -> None:
    files = {file.path: file for file in changes(made.converted(tmp_path))}
    handler = files["handler.py"]
    assert [row.left for row in handler.rows if row.old] == made.HANDLER.decode().split("\n")[:-1]
    assert [row.right for row in handler.rows if row.new] == made.KEPT.decode().split("\n")[:-1]
    assert [row.tag for row in handler.rows if row.old == 4 or row.new == 1] == ["equal"]
    assert handler.reasons == (("RP002", "the SDK goes", ""),)
    assert [file.action for file in files.values()] == ["modified", "added", "added", "removed"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("        image.save(path)", [Link("handler.py", 3, "same text")], id="a line that moved"),
        pytest.param('    "diffusers==0.30.0",', [Link("Dockerfile", 2, "names it")], id="a requirement of the Dockerfile"),
        pytest.param("    prompt: str", [Link("handler.py", 1, "names it")], id="a field of the request"),
        pytest.param("health = '/ok'  # Dockerfile:1 HEALTHCHECK", [Link("Dockerfile", 1, "recorded")], id="a place that a comment names"),
        pytest.param("health = '/ok'  # Dockerfile:9 HEALTHCHECK", [], id="a place that is not there"),
        pytest.param("import traceback", [], id="a line of our own"),
        pytest.param(")", [], id="a line that says nothing"),
    ],
)
def test_a_line_is_told_by_its_text(text: str, found: list[Link]) -> None:
    sources = {
        "handler.py": {
            1: "    prompt = job['input']['prompt']",
            2: "    image = model(prompt).images[0]",
            3: "    image.save(path)",
            4: ")",
        },
        "Dockerfile": {1: "FROM python:3.11", 2: "RUN pip install diffusers==0.30.0"},
    }
    assert list(links({"app.py": {1: text}}, sources, []).get(("app.py", 1), ())) == found


def test_a_line_between_two_that_moved_is_told_by_what_it_resembles() -> None:
    sources = {"handler.py": {1: "    first = 'the first'", 2: "    image = model(prompt).images[0]", 3: "    image.save(path)"}}
    lines = {1: "    first = 'the first'", 2: "    image = self.model(prompt).images[0]", 3: "    image.save(path)"}
    found = links({"app.py": lines}, sources, [(("handler.py", 3), ("app.py", 1))])
    assert found["app.py", 2] == (Link("handler.py", 2, "similar"),)
    assert found["app.py", 1] == (Link("handler.py", 1, "same text"), Link("handler.py", 3, "recorded"))


def test_the_source_line_leads_back(tmp_path: Path) -> None:
    files = reviewed(tmp_path, {"handler.py": WORKER})
    app = next(row for row in files["app.py"].rows if row.right.strip().startswith("prompt: "))
    source = next(row for row in files["handler.py"].rows if row.old == 5)
    assert [(one.file, one.line) for one in app.sources] == [("handler.py", 5)]
    assert ("app.py", app.new) in source.results


def test_no_secret_is_shown(tmp_path: Path) -> None:
    code = WORKER.replace("runpod\n", f"runpod\nTOKEN = '{KEY}'\n", 1)
    files = reviewed(tmp_path, {"handler.py": code, ".env": f"HF_TOKEN={KEY}\n", "id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n"})
    shown = repr(files)
    assert KEY not in shown
    assert "BEGIN OPENSSH" not in shown
    assert any("TOKEN = " in row.left for row in files["handler.py"].rows)
    assert files[".env"].rows == files["id_rsa"].rows == ()
    assert files[".env"].note == "It is left out of the output, and its content is not shown."


def test_a_long_file_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 3)
    handler = next(file for file in changes(made.converted(tmp_path)) if file.path == "handler.py")
    assert len(handler.rows) == 3
    assert handler.note == "5 further lines are not shown: `migrate PATH --diff` shows them all."


def test_a_binary_file_has_no_lines(tmp_path: Path) -> None:
    root = made.source(tmp_path)
    (root / "weights.bin").write_bytes(b"\0" * 10)
    changed: Any = made.FileChange("weights.bin", "removed", None)
    whole = made.conversion(root)
    files = changes(Converted(root, whole.application, whole.ledger, (*whole.files, changed)))
    assert [(file.rows, file.note) for file in files if file.path == "weights.bin"] == [((), "It is binary, or too large to be shown.")]
