"""SARIF 2.1.0, which code scanning shows beside the code that a finding is about.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub reads of it:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from converters import __version__, rules
from converters.escape import sarif_message
from converters.reports.forms import Form
from converters.reports.json import Document, is_open, is_open_code, is_suppressed, left_out, near, same_names
from converters.reports.json import render as as_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FAILED = {
    "unsupported": "A project that cannot be converted",
    "unreadable": "A project that cannot be read",
    "refused": "Options that do not fit the project",
    "crashed": "A fault of fal-migrate, or a limit of time",
    "interrupted": "A project that was not reached",
    "different": "An app that does not do what its source does",
    "rehearsal": "An app that does not build, start or answer",
}
"""What is no rule of a conversion, by the id that stands for it."""

NOT_RUN = ("crashed", "interrupted")


@dataclass(frozen=True)
class _Finding:
    rule: str
    level: str
    message: str
    root: str
    file: str = ""
    line: int = 0
    end_line: int = 0
    suppressed: Document | None = None
    """Why a person has it passed over, and where that is said."""


def _render(document: Document) -> str:
    return _log([document], document["exit_code"], [])


def _render_batch(batch: Document) -> str:
    """What concerns no project alone is a notification."""
    told = [("warning", sentence) for sentence in same_names(batch)] + [("note", sentence) for sentence in left_out(batch)]
    return _log(batch["results"], batch["exit_code"], told)


def _log(documents: Sequence[Document], exit_code: int, told: Sequence[tuple[str, str]]) -> str:
    findings = [finding for document in documents for finding in _findings(document)]
    ids = sorted({finding.rule for finding in findings})
    invocation = {
        "executionSuccessful": all(one["status"] not in NOT_RUN for one in documents),
        "exitCode": exit_code,
        "toolExecutionNotifications": [{"level": level, "message": {"text": sarif_message(text)}} for level, text in told],
    }
    run = {
        "tool": {"driver": {"name": "fal-migrate", "version": __version__, "rules": [_rule(name) for name in ids]}},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids.index(finding.rule)) for finding in findings],
    }
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _findings(document: Document) -> Iterator[_Finding]:
    """What failed is an error, what is left in the code a warning, what is left for the deployment a note."""
    root = document["source"]["path"]
    if document["message"] and document["status"] in FAILED:
        text = f"{document['message']} {document['hint'] or ''}".strip()
        yield _Finding(document["status"], "error", text, root, document["file"] or "", document["line"] or 0)
    for item in filter(is_open, document["ledger"]["items"]):
        level = "warning" if is_open_code(item) else "note"
        yield _Finding(item["rule"], level, item["message"], root, item["file"], item["line"], item["end_line"])
    for item in filter(is_suppressed, document["ledger"]["items"]):
        place = (item["file"], item["line"], item["end_line"])
        yield _Finding(item["rule"], "note", item["message"], root, *place, suppressed=item["suppressed"])
    for certificate in document.get("certificates") or ():
        if certificate["verdict"] == "different":
            yield _Finding("different", "error", f"{certificate['app']}: {certificate['why']}", root, document["source"]["entry"] or "")
    for rehearsal in document.get("rehearsals") or ():
        if failure := rehearsal["failure"]:
            where = failure.get("source") or {}
            yield _Finding(
                "rehearsal", "error", f"{rehearsal['app']}: {failure['why']}", root, where.get("file", ""), where.get("line") or 0
            )


def _rule(name: str) -> Document:
    if name in FAILED:
        return {"id": name, "shortDescription": {"text": FAILED[name]}, "defaultConfiguration": {"level": "error"}}
    rule = rules.find(name)
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": sarif_message(rule.title)},
        "fullDescription": {"text": sarif_message(" ".join(rule.explanation.split()))},
        "helpUri": rule.links[0],
        "defaultConfiguration": {"level": "warning"},
        "properties": {"safety": rule.safety},
    }


def _result(finding: _Finding, index: int) -> Document:
    said = "\0".join((finding.rule, finding.file, finding.message))
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": sarif_message(finding.message)},
        "locations": [{"physicalLocation": _place(finding)}],
        "partialFingerprints": {"finding/v1": hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()},
        **({"suppressions": [_suppression(finding.suppressed)]} if finding.suppressed else {}),
    }


def _suppression(suppressed: Document) -> Document:
    """Section 3.35: `inSource` is a comment where the finding is."""
    return {"kind": "inSource" if suppressed["by"] == "comment" else "external", "justification": sarif_message(suppressed["reason"])}


def _place(finding: _Finding) -> Document:
    """The file as seen from the folder of the workflow, where the command runs, or by its whole address where it is not below that."""
    path = near(str(Path(finding.root) / finding.file))
    uri = quote(path.replace(os.sep, "/"), errors="surrogateescape")
    artifact: dict[str, Any] = {"uri": f"file://{uri}"} if Path(path).is_absolute() else {"uri": uri, "uriBaseId": "%SRCROOT%"}
    if not finding.line:
        return {"artifactLocation": artifact}
    region = {"startLine": finding.line, "endLine": max(finding.line, finding.end_line)}
    return {"artifactLocation": artifact, "region": region}


form = Form(_render, _render_batch, is_alone=True)
