"""JUnit's XML, which GitLab, Jenkins and others show as the results of tests: a suite for each project.

https://docs.gitlab.com/ci/testing/unit_test_reports/, https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from converters.errors import ExitCode
from converters.escape import xml
from converters.reports.forms import Form
from converters.reports.json import Document, is_open, is_open_code, left_out, same_names, unit_name
from converters.reports.text import place

_Outcome = Literal["passed", "failure", "error", "skipped"]
VERDICTS: dict[str, _Outcome] = {"equivalent": "passed", "different": "failure", "not proven": "skipped"}


@dataclass(frozen=True)
class _Case:
    """One thing that was tried. A `failure` is the project's, an `error` is ours or the machine's."""

    name: str
    outcome: _Outcome = "passed"
    message: str = ""
    details: Sequence[str] = ()


def _render(document: Document) -> str:
    return _suites([document], [])


def _render_batch(batch: Document) -> str:
    return _suites(batch["results"], [*same_names(batch), *left_out(batch)])


def _suites(documents: Sequence[Document], told: Sequence[str]) -> str:
    """A suite for each project, and one for what a batch says of no project alone."""
    suites = [(unit_name(document), list(_cases(document))) for document in documents]
    suites += [("batch", [_Case("projects", details=told)])] if told else []
    whole = [case for _, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="fal-migrate" {_counts(whole)}>']
    for name, cases in suites:
        lines.append(f'  <testsuite name="{xml(name)}" {_counts(cases)}>')
        lines += [line for case in cases for line in _lines(name, case)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(cases: Sequence[_Case]) -> str:
    counts = Counter(case.outcome for case in cases)
    return f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}" skipped="{counts["skipped"]}"'


def _lines(suite: str, case: _Case) -> Iterator[str]:
    start = f'    <testcase classname="{xml(suite)}" name="{xml(case.name)}"'
    if case.outcome == "passed" and not case.details:
        yield f"{start}/>"
        return
    yield f"{start}>"
    text = xml("\n".join(case.details))
    if case.outcome == "passed":
        yield f"      <system-out>{text}</system-out>"
    else:
        yield f'      <{case.outcome} message="{xml(case.message)}">{text}</{case.outcome}>'
    yield "    </testcase>"


def _cases(document: Document) -> Iterator[_Case]:
    yield _conversion(document)
    for certificate in document.get("certificates") or ():
        verdict = certificate["verdict"]
        yield _Case(f"verify {certificate['app']}", VERDICTS[verdict], f"{verdict}: {certificate['why']}")
    for rehearsal in document.get("rehearsals") or ():
        name = f"rehearse {rehearsal['app']}"
        if failure := rehearsal["failure"]:
            yield _Case(name, "failure", failure["why"])
        else:
            yield _Case(name, "skipped", rehearsal["skipped"]) if rehearsal["skipped"] else _Case(name)


def _conversion(document: Document) -> _Case:
    if document["message"] and document["status"] != "unchanged":
        outcome: _Outcome = "failure" if document["status"] in ("unsupported", "unreadable", "refused") else "error"
        where = f"{document['file']}:{document['line'] or 1}" if document["file"] else ""
        return _Case("convert", outcome, document["message"], [line for line in (where, document["hint"]) if line])
    items = [item for item in document["ledger"]["items"] if is_open(item)]
    details = [f"{place(item)} {item['rule']} ({item['scope']}): {' '.join(item['message'].split())}" for item in items]
    count = sum(map(is_open_code, items))
    if document["exit_code"] == ExitCode.DONE or not count:
        return _Case("convert", details=details)
    return _Case("convert", "failure", f"{count} left to do in the code", details)


form = Form(_render, _render_batch, is_alone=True)
