"""`migrate brief`: what is left is one task each, with its files, its facts and a command that shows that it is done."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters import rules
from converters.brief import checklist, kinds
from converters.cli import answer
from converters.reports.json import published_schema
from tests import fixtures
from tests.findings.projects import BROKEN, app
from tests.findings.test_check import apply, printed
from tests.reports.test_json import closed

PROJECTS = [path for path in fixtures.projects() if path.parent.name != "callers"]
WORKER = """
import runpod

TEMPLATE = open("prompts/system.txt").read()


def handler(job):
    return {"text": TEMPLATE + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler, "colour": "red"})
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def converted(tmp_path: Path, capsys: Capture) -> tuple[Path, Path, Path]:
    """A worker with two things left in the code, its output, and the report."""
    source = tmp_path / "worker"
    (source / "data").mkdir(parents=True)
    (source / "handler.py").write_text(WORKER)
    (source / "data/system.txt").write_text("Be brief.\n")
    _, document = printed(capsys, source, "--output", tmp_path / "out", "--format", "json")
    (tmp_path / "report.json").write_text(json.dumps(document))
    return source, tmp_path / "out", tmp_path / "report.json"


def tasks(capsys: Capture, *arguments: object) -> dict[str, dict[str, Any]]:
    _, document = printed(capsys, "brief", *arguments, "--format", "json")
    Draft202012Validator(closed(published_schema("brief.schema.json"))).validate(document)
    return {task["rule"]: task for task in document["tasks"]}


@pytest.mark.parametrize("project", PROJECTS, ids=[f"{path.parent.name}/{path.name}" for path in PROJECTS])
def test_the_plan_of_a_sample_leaves_what_its_report_leaves(project: Path, tmp_path: Path, capsys: Capture) -> None:
    """MIGRATION.md is enough: nothing of what the conversion left is lost, of the code or of the deployment."""
    _, report = printed(capsys, project, "--output", tmp_path / "out", "--format", "json")
    (tmp_path / "report.json").write_text(json.dumps(report))
    _, told = printed(capsys, "brief", tmp_path / "out", "--report", tmp_path / "report.json", "--format", "json")
    code, document = printed(capsys, "brief", tmp_path / "out", "--format", "json")
    Draft202012Validator(closed(published_schema("brief.schema.json"))).validate(document)
    assert code == document["exit_code"] == (3 if report["status"] == "partial" else 0)
    assert {(task["rule"], task["scope"]) for task in told["tasks"]} <= {(task["rule"], task["scope"]) for task in document["tasks"]}
    assert {one["rule"] for one in report["findings"]} == {task["rule"] for task in told["tasks"]}
    assert len({task["id"] for task in document["tasks"]}) == len(document["tasks"])
    for task in [*document["tasks"], *told["tasks"]]:
        assert shlex.split(task["acceptance"]["command"])[0] in ("migrate", "fal")
        assert task["scope"] == "deploy" or task["files"], task
        assert all((tmp_path / "out" / file).is_file() for file in task["files"] if task["kind"] != "missing-file"), task


def test_the_report_gives_facts_with_their_places(converted: tuple[Path, Path, Path], capsys: Capture) -> None:
    source, out, report = converted
    found = tasks(capsys, out, "--report", report)
    option, missing, machine = found["ALL001"], found["PF004"], found["RP050"]
    assert {
        "text": 'runpod.serverless.start({"handler": handler, "colour": "red"})',
        "file": "handler.py",
        "line": 11,
        "place": "source",
    } in option["facts"]
    assert (option["kind"], option["goal"]) == (
        "code",
        "every construct of the source platform has its counterpart on fal, or is taken out because nothing needs it",
    )
    assert option["acceptance"] == {"command": f"migrate verify {source} {out} --format json", "exit": 0, "shows": None, "confirm": True}
    assert {"text": "the source has it", "file": "data/system.txt", "line": 0, "place": "source"} in missing["facts"]
    assert missing["files"] == ["app.py", "prompts/system.txt"]
    assert any(fact["text"] == "nothing asks for a GPU" for fact in machine["facts"])
    assert (machine["scope"], machine["files"], machine["acceptance"]["confirm"]) == ("deploy", ["app.py"], True)


def test_a_task_is_gone_when_its_command_says_so(converted: tuple[Path, Path, Path], capsys: Capture) -> None:
    _, out, report = converted
    command = shlex.split(tasks(capsys, out, "--report", report)["PF004"]["acceptance"]["command"])
    assert answer(command[1:]) == 3
    (out / "prompts").mkdir()
    (out / "prompts/system.txt").write_text("Be brief.\n")
    (out / "app.py").write_text((out / "app.py").read_text().replace('["data/system.txt"]', '["prompts"]'))
    capsys.readouterr()
    assert answer(command[1:]) == 0
    capsys.readouterr()
    assert "PF004" not in tasks(capsys, out, "--report", report)


def test_what_is_ticked_is_done(converted: tuple[Path, Path, Path], capsys: Capture) -> None:
    _, out, report = converted
    plan = out / "MIGRATION.md"
    plan.write_text(
        "".join(f"{line.replace('- [ ]', '- [x]')}\n" if "(ALL001)" in line else f"{line}\n" for line in plan.read_text().splitlines())
    )
    for arguments in ([], ["--report", report]):
        found = tasks(capsys, out, *arguments)
        assert "ALL001" not in found
        assert "RP050" in found


def test_an_app_of_somebody_else_is_briefed_by_its_preflight(tmp_path: Path, capsys: Capture) -> None:
    root = BROKEN[0].written(tmp_path)
    code, document = printed(capsys, "brief", root, "--format", "json")
    (task,) = document["tasks"]
    assert (code, task["kind"], task["files"][0]) == (3, "system-package", "Dockerfile")
    assert document["source"] is None
    assert [one["command"].split()[1] for one in document["done"]] == ["check", "rehearse"]
    apply(task)
    assert printed(capsys, "brief", root, "--format", "json")[0] == 0


def test_a_secret_is_accepted_by_its_name_alone(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"\n    secrets = []', 'os.environ["ACME_TOKEN"]'))
    (task,) = tasks(capsys, tmp_path).values()
    assert (task["kind"], task["scope"], task["files"]) == ("secret", "deploy", [])
    assert task["acceptance"] == {"command": "fal secrets list", "exit": 0, "shows": "ACME_TOKEN", "confirm": False}


def test_findings_of_other_documents_are_tasks(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"'))
    one = {
        "id": "verify.result-1",
        "rule": "verify.result",
        "scope": "code",
        "file": "app.py",
        "line": 9,
        "place": "app",
        "about": "$.a",
        "observed": "$.a is 2",
        "expected": "$.a is 1, as the source answers",
        "todo": "",
        "evidence": [{"text": 'request (x): {"n": 1}', "file": "", "line": 0}],
        "edit": None,
        "applies_in": None,
        "documentation": [],
        "reproduce": "migrate verify a b",
    }
    (tmp_path / "certificate.json").write_text(json.dumps({"version": 1, "exit_code": 6, "certificates": [], "findings": [one]}))
    (task,) = tasks(capsys, tmp_path, "--report", tmp_path / "certificate.json").values()
    assert (task["kind"], task["goal"], task["files"]) == ("behaviour", "$.a is 1, as the source answers", ["app.py"])
    assert task["acceptance"]["command"] == "migrate verify a b"
    assert [fact["text"] for fact in task["facts"]] == ["$.a is 2", 'request (x): {"n": 1}']


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{"id": "x"}]}', '{"findings": [3]}', "[" * 100_000])
def test_a_report_that_is_none_is_unreadable(text: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"'))
    (tmp_path / "report.json").write_text(text)
    code, document = printed(capsys, "brief", tmp_path, "--report", tmp_path / "report.json", "--format", "json")
    assert (code, document["exit_code"], document["message"]) == (5, 5, "is no document with findings.")
    assert document["file"] == str(tmp_path / "report.json")


def test_a_report_that_is_not_there_is_unreadable(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"'))
    assert answer(["brief", str(tmp_path), "--report", str(tmp_path / "none.json")]) == 5
    assert "cannot be read: No such file or directory." in capsys.readouterr().err


def test_what_is_no_fal_project_is_refused(tmp_path: Path, capsys: Capture) -> None:
    assert answer(["brief", str(tmp_path)]) == 4
    assert "holds no fal app." in capsys.readouterr().err


def test_the_page_says_it_all_and_nothing_quoted_is_markup(tmp_path: Path, capsys: Capture) -> None:
    forged = "x](evil)*_`rm`_*"
    (tmp_path / "app.py").write_text(app('machine_type = "S"', f'open("{forged}.txt")'))
    assert answer(["brief", str(tmp_path), "--output", str(tmp_path / "brief.md")]) == 3
    page = capsys.readouterr().out
    assert (tmp_path / "brief.md").read_text() == page
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        f"# Left to do in {tmp_path}",
        "## 1. Every file that the code opens is on the runner at that path",
        "## All is done",
    ]
    bare = re.sub(r"(`+).*?\1", "", page)  # without what is quoted as code
    assert "](" not in bare.replace("\\](", "")
    assert "- done when `migrate check " in page
    assert "- Never: " in page


def test_a_box_of_the_plan_is_read() -> None:
    text = f"""
{checklist.CODE}

- [ ] `a b.py:3` the code reads \\<x> and `HF_TOKEN`: set it. (ENV011)
- [x] `a.py:4` done: check it. (ALL001)
### Values to look up

- [ ] ``odd`name.py:5`` L is assumed. (RP050)
- [ ] Scaling is written only where the project states it.
```bash
fal secrets set ACME_KEY=...
```
"""
    found = [(one.rule, one.file, one.line, one.scope, one.observed) for one in checklist.findings(text)]
    assert found == [
        ("ENV011", "a b.py", 3, "code", "the code reads <x> and `HF_TOKEN`"),
        ("RP050", "odd`name.py", 5, "deploy", "L is assumed"),
        ("plan.note", "", 0, "deploy", "Scaling is written only where the project states it"),
        ("ENV004", "", 0, "deploy", "the app reads the secret ACME_KEY"),
    ]
    assert checklist.ticked(text) == {("ALL001", "a.py", 4)}


def test_every_rule_of_the_table_exists_and_has_one_kind() -> None:
    codes = [code for codes in kinds._RULES.values() for code in codes]
    assert len(codes) == len(set(codes))
    assert [code for code in codes if rules.find(code) is None] == []
