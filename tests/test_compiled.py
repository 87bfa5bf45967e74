"""Nothing is written of which Python refuses a file that it should take: that is a bug, and told as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.cli import answer
from converters.compiled import DoesNotCompile, must_compile
from converters.outcome import FileChange
from converters.targets import worker

WORKER = "import runpod\n\n\ndef handler(job):\n    return job\n\n\nrunpod.serverless.start({'handler': handler})\n"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(FileChange("app.py", "added", b"def f(:\n"), id="an added file"),
        pytest.param(FileChange("a.py", "modified", b"if x:\n", b"if x:\n    y\n"), id="a modified file"),
        pytest.param(FileChange("a.py", "added", b"x = '\0'\n"), id="NUL bytes"),
        pytest.param(FileChange("a.py", "added", b"# coding: ascii\nx = '\xe9'\n"), id="another encoding than it declares"),
    ],
)
def test_a_file_that_python_refuses_is_our_bug(change: FileChange) -> None:
    with pytest.raises(DoesNotCompile, match=change.path):
        must_compile([FileChange("b.py", "added", b"x = 1\n"), change])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(FileChange("a.py", "added", b"x = 1\n"), id="right Python"),
        pytest.param(FileChange("a.py", "added", b"x = '\\d'\n"), id="what Python only warns of"),
        pytest.param(FileChange("a.py", "modified", b"if y:\n", b"if x:\n"), id="a source that it refuses as well"),
        pytest.param(FileChange("a.py", "copied", b"if x:\n", b"if x:\n"), id="a copy"),
        pytest.param(FileChange("a.py", "removed", None), id="a removal"),
        pytest.param(FileChange("a.txt", "added", b"if x:\n"), id="another kind of file"),
    ],
)
def test_what_is_right_passes(change: FileChange) -> None:
    must_compile([change])


@pytest.mark.parametrize("options", [[], ["--force"], ["--check"]])
def test_nothing_is_written_and_the_report_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    monkeypatch.setattr(worker, "emit", lambda app: f"class {app.class_name}(:\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project, output = tmp_path / "project", tmp_path / "out"
    project.mkdir()
    (project / "handler.py").write_text(WORKER)
    code = answer([str(project), "--output", str(output), "--style", "keep", "--format", "json", *options])
    document = json.loads(capsys.readouterr().out)
    assert (code, document["status"]) == (70, "crashed")
    assert not output.exists() and sorted(path.name for path in project.iterdir()) == ["handler.py"]
    assert "Traceback" in Path(document["report"]).read_text()
