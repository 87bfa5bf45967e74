"""SARIF and JUnit's XML: what other programs read says the same as the document, and holds to its standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from converters.errors import ExitCode
from converters.escape import sarif_message
from converters.outcome import NotConverted
from converters.reports.formats import junit, sarif
from converters.reports.json import Document, document, failure
from tests import made
from tests.needs import needs

needs("jsonschema")
SCHEMA = Path(__file__).parent / "schemas/sarif-2.1.0.json"
CERTIFICATE = {"app": "worker", "verdict": "different", "why": "1 of 20 requests was answered differently."}
REHEARSAL = {"app": "worker", "skipped": "", "failure": {"why": "no module named `x`", "source": {"file": "handler.py", "line": 1}}}


@pytest.fixture
def partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    monkeypatch.chdir(tmp_path)
    return document(made.converted(tmp_path, manual=True), ExitCode.MANUAL, output=tmp_path / "worker-fal")


@pytest.fixture
def batch(partial: Document, tmp_path: Path) -> Document:
    """One of each kind of outcome, and what concerns no project alone."""
    unreadable = NotConverted(tmp_path / "odd [x](y) & co", "unreadable", "is odd.", "Mend it.", "c.py", 3)
    results = [
        partial,
        document(made.converted(tmp_path / "whole"), ExitCode.DONE),
        document(unreadable, ExitCode.UNREADABLE),
        failure(tmp_path / "late", "crashed", "took longer than 60 s.", ExitCode.BUG),
    ]
    same = [{"name": "worker", "projects": ["a", "b"]}]
    return {"results": results, "exit_code": 70, "same_names": same, "left_out": [{"path": "venv", "why": "a virtual environment"}]}


def log(text: str) -> dict[str, Any]:
    """The only run of a log that holds to the standard's schema."""
    import jsonschema

    made = json.loads(text)
    jsonschema.validate(made, json.loads(SCHEMA.read_text("utf-8")))
    (run,) = made["runs"]
    assert isinstance(run, dict)
    return run


def levels(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(result["ruleId"], result["level"]) for result in run["results"]]


def test_what_is_left_is_a_warning_in_the_code_and_a_note_at_deployment(partial: Document) -> None:
    run = log(sarif.form.render(partial))
    assert levels(run) == [("ENV004", "note"), ("RP099", "warning")]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "worker/handler.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"]["startLine"] == 5
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["ENV004", "RP099"]


def test_what_verification_and_rehearsal_found_is_an_error(partial: Document) -> None:
    run = log(sarif.form.render({**partial, "certificates": [CERTIFICATE], "rehearsals": [REHEARSAL]}))
    assert levels(run)[2:] == [("different", "error"), ("rehearsal", "error")]
    found = log(sarif.form.render({**partial, "certificates": [{**CERTIFICATE, "verdict": "equivalent"}], "rehearsals": []}))
    assert levels(found) == levels(run)[:2]


def test_a_batch_is_one_run(batch: Document) -> None:
    run = log(sarif.form.render_batch(batch))
    assert levels(run)[2:] == [("ENV004", "note"), ("unreadable", "error"), ("crashed", "error")]
    assert run["results"][3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "odd%20%5Bx%5D%28y%29%20%26%20co/c.py"
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 70)
    assert [told["level"] for told in invocation["toolExecutionNotifications"]] == ["warning", "note"]


def test_a_finding_keeps_its_fingerprint_on_another_line(partial: Document) -> None:
    items = [{**item, "line": item["line"] + 7, "end_line": item["end_line"] + 7} for item in partial["ledger"]["items"]]
    moved = {**partial, "ledger": {**partial["ledger"], "items": items}}
    before, after = (log(sarif.form.render(one))["results"] for one in (partial, moved))
    assert [one["partialFingerprints"] for one in before] == [one["partialFingerprints"] for one in after]
    assert before[0]["locations"] != after[0]["locations"]
    assert before[0]["partialFingerprints"] != before[1]["partialFingerprints"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Check, [what] this does", "Check, [what] this does", id="brackets are no link"),
        pytest.param("[click](javascript:alert)", "\\[click](javascript:alert)", id="a link is none"),
        pytest.param("a {0} b", "a {{0}} b", id="a placeholder is none"),
        pytest.param('{"a": 1}', '{"a": 1}', id="braces are no placeholder"),
    ],
)
def test_a_message_says_what_it_says(text: str, shown: str) -> None:
    assert sarif_message(text) == shown


def cases(text: str) -> dict[tuple[str, str], str]:
    """(suite, case) -> its outcome; the counts of suites are those of their cases."""
    root = ElementTree.fromstring(text)
    found = {}
    for suite in root:
        told = [next((inner.tag for inner in case if inner.tag != "system-out"), "passed") for case in suite]
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == told.count(tag)
        assert int(suite.attrib["tests"]) == len(told)
        found.update({(suite.attrib["name"], case.attrib["name"]): outcome for case, outcome in zip(suite, told, strict=True)})
    assert int(root.attrib["tests"]) == len(found)
    return found


def test_a_project_is_a_suite(batch: Document) -> None:
    assert cases(junit.form.render_batch(batch)) == {
        ("worker", "convert"): "failure",
        ("whole/worker", "convert"): "passed",
        ("odd [x](y) & co", "convert"): "failure",
        ("late", "convert"): "error",
        ("batch", "projects"): "passed",
    }


def test_verification_and_rehearsal_are_cases_of_their_own(partial: Document) -> None:
    others = [{**CERTIFICATE, "app": "second", "verdict": "not proven"}, {**CERTIFICATE, "app": "third", "verdict": "equivalent"}]
    skipped = {**REHEARSAL, "app": "second", "failure": None, "skipped": "no engine"}
    text = junit.form.render({**partial, "certificates": [CERTIFICATE, *others], "rehearsals": [REHEARSAL, skipped]})
    assert cases(text) == {
        ("worker", "convert"): "failure",
        ("worker", "verify worker"): "failure",
        ("worker", "verify second"): "skipped",
        ("worker", "verify third"): "passed",
        ("worker", "rehearse worker"): "failure",
        ("worker", "rehearse second"): "skipped",
    }


def test_a_failure_says_what_is_left(partial: Document) -> None:
    found = ElementTree.fromstring(junit.form.render(partial)).find(".//failure")
    assert found is not None
    assert found.attrib["message"] == "1 left to do in the code"
    assert "\nhandler.py:5 RP099 (code): Check, [what] this does" in (found.text or "")


def test_what_xml_cannot_hold_is_shown() -> None:
    document = failure(Path("/nowhere"), "crashed", 'a\x00b\x1b[2J\ud800 </error> "&amp;\n::error::', ExitCode.BUG)
    found = ElementTree.fromstring(junit.form.render(document)).find(".//error")
    assert found is not None
    assert found.attrib["message"] == 'a\\x00b\\x1b[2J\\ud800 </error> "&amp;\n::error::'
