"""`migrate check --format json`: what a program needs to mend an app, and edits that mend it."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.reports.json import published_schema
from tests.findings.projects import BROKEN, Broken, app
from tests.reports.test_json import closed


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of a command."""
    code = answer([str(argument) for argument in arguments])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def apply(finding: dict[str, Any]) -> None:
    subprocess.run(["git", "apply"], cwd=finding["applies_in"], input=finding["edit"].encode(), check=True)


@pytest.mark.parametrize("broken", BROKEN, ids=[one.id for one in BROKEN])
def test_the_edit_mends_it(tmp_path: Path, broken: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    root = broken.written(tmp_path)
    code, document = printed(capsys, "check", root, "--format", "json")
    assert code == 3
    Draft202012Validator(closed(published_schema("check.schema.json"))).validate(document)
    (finding,) = [one for one in document["findings"] if one["rule"] == broken.rule]
    _, *again = shlex.split(finding["reproduce"])
    code, alone = printed(capsys, *again)
    assert (code, alone["findings"]) == (3, [finding])
    assert [item["rule"] for item in alone["items"]] == [broken.rule]
    apply(finding)
    for path, text in broken.holds.items():
        assert text in (root / path).read_text()
    assert printed(capsys, *again)[0] == 0


def test_the_findings_are_the_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"', 'open("a.txt"); open("b.txt")'))
    _, document = printed(capsys, "check", tmp_path, "--format", "json")
    pairs = [(item, one) for item, one in zip(document["items"], document["findings"], strict=True)]
    assert [one["about"] for _, one in pairs] == ["a.txt", "b.txt"]
    assert all(item[key] == one[key] for item, one in pairs for key in ("rule", "scope", "file", "line", "about"))
    first = document["findings"][0]
    assert first["observed"] == "`a.txt`, which the code opens, is not in the project"
    assert first["todo"] == "Add it, or make it in `setup()`."
    assert first["expected"] == "every file that the code opens is on the runner at that path"
    assert first["evidence"] == [{"text": 'open("a.txt"); open("b.txt")', "file": "app.py", "line": first["line"]}]
    assert (first["edit"], first["applies_in"], first["place"]) == (None, None, "app")
    assert any(link.startswith("https://fal.ai/docs/") for link in first["documentation"])


def test_an_id_outlasts_lines_that_move(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = app('machine_type = "S"', 'open("a.txt")')
    (tmp_path / "app.py").write_text(text)
    before = printed(capsys, "check", tmp_path, "--format", "json")[1]["findings"]
    (tmp_path / "app.py").write_text(f"# a comment\n\n{text}".replace('open("a.txt")', 'open("0.txt"); open("a.txt")'))
    after = printed(capsys, "check", tmp_path, "--format", "json")[1]["findings"]
    assert before[0]["id"] == after[1]["id"]
    assert before[0]["line"] + 2 == after[1]["line"]


def test_a_finding_that_is_not_there_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"', 'open("a.txt")'))
    code, document = printed(capsys, "check", tmp_path, "--finding", "PF004-0000000000", "--format", "json")
    assert (code, document["exit_code"], document["findings"]) == (0, 0, [])


def test_what_is_no_project_of_fal_is_one_document_with_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = printed(capsys, "check", tmp_path, "--format", "json")
    assert code == document["exit_code"] == 4
    Draft202012Validator(closed(published_schema())).validate(document)
    (finding,) = document["findings"]
    assert (finding["rule"], finding["observed"]) == ("convert.refused", "holds no fal app")
    assert finding["reproduce"] == f"migrate check {tmp_path} --format json"


def test_a_secret_is_neither_quoted_nor_in_a_diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"
    broken = Broken(
        "",
        "PF032",
        {
            **BROKEN[2].files,
            "Dockerfile": BROKEN[2].files["Dockerfile"].replace("RUN pip install fal", f"ENV OPENAI_API_KEY={key}\nRUN pip install fal"),
        },
    )
    code, document = printed(capsys, "check", broken.written(tmp_path), "--format", "json")
    assert code == 3
    assert key not in json.dumps(document)
    (finding,) = [one for one in document["findings"] if one["rule"] == "PF032"]
    assert finding["edit"] is None
