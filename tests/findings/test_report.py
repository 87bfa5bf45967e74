"""`migrate PATH --format json` and `migrate callers`: what the ledger leaves to a person, as a program needs it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from benchmarks.findings import is_shown_again, lacking
from converters import rules
from converters.reports.json import published_schema
from tests import fixtures
from tests.findings.test_check import apply, printed
from tests.reports.test_json import closed

PROJECTS = [path for path in fixtures.projects() if path.parent.name != "callers"]
CALLERS = [path for path in fixtures.projects() if path.parent.name == "callers"]
MAPPED = [word for endpoint, app in fixtures.APPS.items() for word in ("--map", f"{endpoint}={app}")]
WORKER = """
import runpod
from PIL import Image

TEMPLATE = open("prompts/system.txt").read()


def handler(job):
    return {"text": TEMPLATE + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler, "colour": "red"})
"""


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_text(WORKER)
    return root


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(closed(published_schema()))


@pytest.mark.parametrize("project", PROJECTS, ids=[f"{path.parent.name}/{path.name}" for path in PROJECTS])
def test_every_finding_of_a_sample_can_be_acted_on(
    project: Path, capsys: pytest.CaptureFixture[str], validator: Draft202012Validator
) -> None:
    _, document = printed(capsys, project, "--check", "--format", "json")
    validator.validate(document)
    found = document["findings"]
    assert len(found) == document["ledger"]["counts"]["manual"]
    assert {one["id"]: lacking(one) for one in found if lacking(one)} == {}
    assert len({one["id"] for one in found}) == len(found)
    assert not found or is_shown_again(found[len(project.name) % len(found)])


@pytest.mark.parametrize("project", CALLERS, ids=[path.name for path in CALLERS])
def test_every_finding_of_a_caller_can_be_acted_on(
    project: Path, capsys: pytest.CaptureFixture[str], validator: Draft202012Validator
) -> None:
    _, called = printed(capsys, "callers", project, "--check", "--format", "json")
    ours = [endpoint for endpoint in fixtures.APPS if any(endpoint in path.read_text() for path in project.rglob("*") if path.is_file())]
    named = [word for endpoint in ours for word in ("--map", f"{endpoint}={fixtures.APPS[endpoint]}")]
    _, document = printed(capsys, "callers", project, *named, "--check", "--format", "json")
    validator.validate(document)
    assert len(document["findings"]) == document["ledger"]["counts"]["manual"] < len(called["findings"])
    assert [lacking(one) for one in document["findings"] if lacking(one)] == []
    assert all(f"--map {ours[0]}=" in one["reproduce"] for one in document["findings"])
    assert is_shown_again(document["findings"][0])


def test_every_rule_that_asks_for_something_says_what_is_expected() -> None:
    asking = [
        rule
        for rule in rules.all_rules()
        if any(seen.disposition == "manual" and seen.rule in ("", rule.code) for case in rule.cases for seen in case.seen)
    ]
    assert len(asking) > 90
    assert [rule.code for rule in asking if not rule.expected] == []
    assert [rule.code for rule in rules.all_rules() if rule.expected.endswith(".") or rule.expected != rule.expected.strip()] == []


def test_a_finding_of_the_source_quotes_its_line(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = printed(capsys, worker, "--check", "--format", "json")
    (option,) = [one for one in document["findings"] if one["rule"] == "ALL001"]
    assert (option["file"], option["line"], option["place"], option["about"]) == ("handler.py", 12, "source", "colour")
    assert option["observed"] == "option `colour` is not known to this converter"
    assert option["todo"] == "Check what it does and carry it over by hand."
    assert {"text": 'runpod.serverless.start({"handler": handler, "colour": "red"})', "file": "handler.py", "line": 12} in option[
        "evidence"
    ]


def test_the_command_keeps_the_options_that_decide(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = worker.with_name("out")
    typed = ["--style", "keep", "--set", "keep_alive=5", "--name", "a b", "--output", output]
    _, document = printed(capsys, worker, *typed, "--format", "json")
    again = document["findings"][0]["reproduce"]
    assert shlex.split(again) == [
        *("migrate", str(worker), "--style", "keep", "--name", "a b", "--set", "keep_alive=5", "--check", "--format", "json")
    ]
    _, told = printed(capsys, *shlex.split(again)[1:])
    assert [one["id"] for one in told["findings"]] == [one["id"] for one in document["findings"]]


def test_an_edit_applies_in_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_text(WORKER.replace('open("prompts/system.txt").read()', '""').replace(', "colour": "red"', ""))
    lines = (
        "RUN apt-get update && apt-get install -y libgl1-mesa-glx\nRUN git clone https://example.com/x && make -C x\nCOPY handler.py /\n"
    )
    (root / "Dockerfile").write_text(f'FROM python:3.11-slim\n{lines}RUN pip install runpod pillow\nCMD ["python", "/handler.py"]\n')
    _, dry = printed(capsys, root, "--check", "--format", "json")
    (planned,) = [one for one in dry["findings"] if one["rule"] == "PF009"]
    code, document = printed(capsys, root, "--output", tmp_path / "out", "--format", "json")
    (finding,) = [one for one in document["findings"] if one["rule"] == "PF009"]
    assert code == 3
    assert (planned["id"], planned["edit"], planned["applies_in"]) == (finding["id"], finding["edit"], None)
    assert finding["applies_in"] == str(tmp_path / "out")
    apply(finding)
    _, left = printed(capsys, "check", tmp_path / "out", "--format", "json")
    assert [one["rule"] for one in left["findings"] if one["rule"] == "PF009"] == []


REFUSED = {
    "an unreadable file": ({"cog.yaml": "build: [\n"}, [], "convert.unreadable", "cog.yaml"),
    "nothing to convert": ({"notes.txt": "hello\n"}, [], "convert.unsupported", ""),
    "options that do not fit": ({"handler.py": WORKER}, ["--diff", "--check"], "convert.refused", ""),
}


@pytest.mark.parametrize(("files", "options", "rule", "file"), REFUSED.values(), ids=REFUSED)
def test_why_there_is_no_output_is_a_finding(
    files: dict[str, str],
    options: list[str],
    rule: str,
    file: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    validator: Draft202012Validator,
) -> None:
    (tmp_path / "project").mkdir()
    for path, text in files.items():
        (tmp_path / "project" / path).write_text(text)
    code, document = printed(capsys, tmp_path / "project", *options, "--format", "json")
    validator.validate(document)
    assert code == document["exit_code"] != 0
    first = document["findings"][0]
    assert (first["rule"], first["observed"]) == (rule, document["message"].rstrip("."))
    assert first["todo"] == document["hint"]
    assert first["file"].endswith(file)


def test_an_output_that_is_in_the_way_is_a_finding_and_the_only_one(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worker.with_name("out").mkdir()
    (worker.with_name("out") / "mine.txt").touch()
    code, document = printed(capsys, worker, "--output", worker.with_name("out"), "--format", "json")
    assert (code, [one["rule"] for one in document["findings"]]) == (2, ["convert.refused"])


def test_no_finding_shows_a_secret(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"
    (worker / "handler.py").write_text(WORKER.replace('"colour": "red"', f'"colour": "{key}"'))
    _, document = printed(capsys, worker, "--check", "--format", "json")
    assert any(one["rule"] == "ALL001" for one in document["findings"])
    assert key not in json.dumps(document)


def test_other_forms_have_no_findings_and_cost_nothing(worker: Path) -> None:
    """A batch of thousands keeps its documents: what only a program asks for is made where it asks."""
    from converters.commands.conversion import Request
    from converters.commands.convert import perform

    assert "findings" not in perform(Request(worker, check=True)).document
    assert "findings" in perform(Request(worker, check=True, format="json")).document


@pytest.mark.parametrize("name", ["check.schema.json", "verify.schema.json", "rehearsal.schema.json"])
def test_what_several_schemas_describe_is_one_thing(name: str) -> None:
    whole, other = published_schema()["$defs"], published_schema(name)["$defs"]
    assert "finding" in other
    assert other == {key: whole[key] for key in other}


def test_the_command_line_prints_it(worker: Path) -> None:
    """A program runs `reproduce` in a shell."""
    migrate = Path(sys.executable).with_name("migrate")
    done = subprocess.run([migrate, worker, "--check", "--format", "json"], capture_output=True, text=True, timeout=60)
    again = json.loads(done.stdout)["findings"][0]["reproduce"].replace("migrate", str(migrate), 1)
    told = subprocess.run(again, shell=True, capture_output=True, text=True, timeout=60)
    assert json.loads(told.stdout)["findings"] == json.loads(done.stdout)["findings"]
