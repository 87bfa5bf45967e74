"""Every report is made from the document, and nothing of a project can break out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.cli import answer
from converters.errors import ExitCode
from converters.escape import code, prose
from converters.outcome import NotConverted
from converters.reports import formats as folder
from converters.reports import print_batch, print_report
from converters.reports.formats import github, markdown
from converters.reports.forms import form, formats
from converters.reports.json import Document, document
from converters.reports.text import fields, print_findings
from tests import made


@pytest.fixture
def partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    monkeypatch.chdir(tmp_path)
    return document(made.converted(tmp_path, manual=True), ExitCode.MANUAL, output=tmp_path / "worker-fal")


@pytest.fixture
def unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    monkeypatch.chdir(tmp_path)
    return document(NotConverted(tmp_path / "worker", "unreadable", "is odd.", "Mend it.", "a,b:c.py", 3), ExitCode.UNREADABLE)


def test_the_text_says_what_was_found_what_it_became_and_what_is_left(partial: Document, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(partial, "text")
    shown = capsys.readouterr().out
    for line in (
        "worker is a RunPod project",
        "  handler.py:8  runpod.serverless.start",
        "→ worker: app, style keep",
        "worker  GPU-H100  /         prompt, steps?, mode?  text, image?",
        "environment: Python 3.11, 1 requirement",
        "secrets to set: HF_TOKEN",
        "Left to do in the code (1)",
        "  handler.py:5 RP099  Check, [what] this does: 100% by hand.",
        "To set at deployment (1)",
        "accounted for: 1 converted, 0 kept, 0 dropped, 2 manual",
        "  migrate verify worker worker-fal",
        "  migrate rehearse worker-fal",
        "  migrate run worker-fal",
        "  cd worker-fal && uv run --no-project --python 3.11 --with fal==1.83.0 fal deploy worker",
        "  migrate callers CALLERS --map OLD=OWNER/worker:worker-fal",
    ):
        assert line in [found.rstrip() for found in shown.splitlines()]
    assert "\x1b" not in shown


def test_a_dry_run_names_no_output(partial: Document, capsys: pytest.CaptureFixture[str]) -> None:
    print_report({**partial, "output": None}, "text")
    assert "migrate run" not in capsys.readouterr().out


def test_findings_stop_before_the_ledger(partial: Document, capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(partial)
    shown = capsys.readouterr().out
    assert "GPU-H100" in shown
    assert "Left to do" not in shown


@pytest.mark.parametrize("format", ["text", "markdown", "github"])
def test_control_characters_of_a_project_are_not_obeyed(partial: Document, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(json.dumps(partial).replace("handler.py", "\\u001b[2Jhandler.py").replace("HF_TOKEN", "HF\\u009b2J"))
    print_report(told, format)
    print_batch({"results": [told], "counts": {"partial": 1}, "same_names": [], "left_out": []}, format)
    shown = capsys.readouterr().out
    assert "\\x1b[2Jhandler.py" in shown
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


def test_other_shapes_of_apps(partial: Document, capsys: pytest.CaptureFixture[str]) -> None:
    app = partial["apps"][0]
    stream = {**app["endpoints"][0], "path": "/stream", "kind": "stream"}
    environment = {**app["environment"], "kind": "image", "dockerfile": "Dockerfile"}
    app |= {"machine_type": ["GPU-A100", "GPU-H100"], "num_gpus": 2, "endpoints": [stream], "environment": environment}
    print_report(partial, "text")
    shown = capsys.readouterr().out
    assert "2 × GPU-A100 or GPU-H100" in shown
    assert "/stream (stream)" in shown
    assert "image from Dockerfile" in shown
    app |= {"machine_type": None, "endpoints": []}
    print_report(partial, "text")
    assert "not stated" in capsys.readouterr().out


def test_fields_of_a_schema() -> None:
    assert fields({"properties": {"a": {}, "b": {}}, "required": ["a"]}) == "a, b?"
    assert fields({"type": "array"}) == "array"
    assert fields({}) == "anything"


def test_markdown_is_a_checklist(partial: Document) -> None:
    text = markdown.render(partial)
    assert "- [ ] `handler.py:5` RP099 (code): Check, [what] this does: 100% by hand." in text
    assert "| `/` | `unary` | `prompt, steps?, mode?` | `text, image?` |" in text
    assert "- modified `handler.py`" in text
    assert "start.sh" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("a`b", "`` a`b ``"),
        ("a|b", "`a|b`"),
        ("two\nlines", "`two\\nlines`"),
    ],
)
def test_markdown_code_cannot_be_left(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("keep `a_b` here_", "keep `a_b` here\\_"),
        ("<script>", "\\<script>"),
        ("one ` tick_", "one \\` tick\\_"),
        ("[a](b)\n# c", "\\[a](b) # c"),
        ("# c", "\\# c"),
        ("a list [a, b] and HF_TOKEN", "a list [a, b] and HF_TOKEN"),
    ],
)
def test_markdown_prose_is_never_markup(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_markdown_tells_why_nothing_was_converted(unreadable: Document) -> None:
    assert "## `worker`: unreadable (exit 5)\n\nis odd. Mend it.\n" in markdown.render(unreadable)


def test_annotations_stand_on_lines_with_everything_escaped(partial: Document, unreadable: Document) -> None:
    assert github.render(partial).splitlines() == [
        "::notice file=worker/Dockerfile,line=1,endLine=1,title=ENV004::Set the secret `HF_TOKEN`: fal secrets set HF_TOKEN=...",
        "::warning file=worker/handler.py,line=5,endLine=6,title=RP099::Check, [what] this does: 100%25%0Aby hand.",
        "::notice title=fal-migrate::worker: partial (1 converted, 0 kept, 0 dropped, 2 manual)",
    ]
    assert (
        github.render(unreadable) == "::error file=worker/a%2Cb%3Ac.py,line=3,endLine=3,title=fal-migrate%3A unreadable::is odd. Mend it.\n"
    )


def test_annotations_of_another_folder_are_absolute(partial: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert f"file={tmp_path}/worker/handler.py".replace(":", "%3A") in github.render(partial)


def test_batches_in_markdown_and_annotations(partial: Document, unreadable: Document) -> None:
    batch = {"results": [partial, unreadable], "same_names": [], "left_out": []}
    text = markdown.render_batch(batch)
    assert "| 3 | partial |" in text
    assert "| 5 | unreadable |" in text
    assert text.count("- [ ]") == 2
    assert github.render_batch(batch).count("::error") == 1


def test_a_format_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="checkstyle"):
        form("checkstyle")


@pytest.mark.parametrize("key", ["message", "why", "hint", "description", "title"])
def test_inputs_that_are_called_as_parts_of_the_report_are_shown(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p").mkdir()
    text = f"import runpod\n\ndef handler(job):\n    return {{'n': job['input'][{key!r}]}}\n\nrunpod.serverless.start({{'handler': handler}})\n"
    (tmp_path / "p/handler.py").write_text(text)
    assert answer([str(tmp_path / "p"), "--output", str(tmp_path / "out")]) in (0, 3)
    assert "p: app" in capsys.readouterr().out


def test_a_module_is_a_form(partial: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "counts.py").write_text(
        "from converters.reports.forms import Form\n"
        "def render(document):\n    return f\"{document['ledger']['counts']['manual']} left\\n\"\n"
        "form = Form(render, str, str)\n"
    )
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    formats.cache_clear()
    try:
        assert set(formats()) == {"text", "json", "counts", "github", "html", "junit", "markdown", "sarif"}
        print_report(partial, "counts")
    finally:
        formats.cache_clear()
    assert capsys.readouterr().out == "2 left\n"
