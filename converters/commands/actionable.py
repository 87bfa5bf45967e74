"""The findings that a command adds to its JSON, from its document and the files that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converters import preflight
from converters.credentials.recognize import dialect_of
from converters.credentials.vault import Vault, collect
from converters.errors import MigrateError
from converters.findings import Finding
from converters.findings.context import Context, Reader, nothing
from converters.findings.edits import Mask
from converters.outcome import Converted, NotConverted, Outcome
from converters.project import MAX_FILE, Project, open_project
from converters.reports.json import Document


def of_conversion(document: Document, outcome: Outcome | None, reproduce: str, output: Path | None = None) -> list[Document]:
    """Those of a conversion, of its refusal, or (None) of a command line that was refused."""
    from converters.findings.of_report import findings

    if not isinstance(outcome, Converted) or document["status"] == "refused":
        items = outcome.items if isinstance(outcome, NotConverted) else ()
        return plain(findings(document, items, Context(reproduce)))
    made = {change.path: change.data for change in outcome.files if change.data is not None}
    before = {change.path: change.before for change in outcome.files if change.before is not None}
    source = reader(_opened(outcome.root))
    context = Context(
        reproduce,
        files=made.get,
        sources=lambda path: before.get(path) or source(path),
        folder=str(output) if output is not None else None,
        mask=_mask(outcome.vault),
    )
    return plain(findings(document, outcome.ledger.items(), context))


def of_check(project: Project, found: Sequence[preflight.Finding], reproduce: str) -> list[Finding]:
    """Those of the preflight of a project on disk."""
    from converters.findings.of_check import findings

    return findings(found, of_project(project, reproduce))


def of_project(project: Project, reproduce: str) -> Context:
    """What stands behind findings in a fal project on disk."""
    return Context(reproduce, files=reader(project), folder=str(project.root), mask=_mask(collect(project)))


def plain(found: Sequence[Finding]) -> list[Document]:
    """Findings as JSON has them."""
    return [one.as_json() for one in found]


def reader(project: Project | None) -> Reader:
    """Reads the files of a project that may be quoted: none that are withheld since they hold credentials."""
    if project is None:
        return nothing

    def read(path: str) -> bytes | None:
        file = project.files.get(path)
        return file.data if file is not None and file.size <= MAX_FILE else None

    return read


def _opened(root: Path) -> Project | None:
    try:
        return open_project(root)
    except MigrateError:
        return None


def _mask(vault: Vault) -> Mask:
    return lambda path, text: vault.mask(text, dialect_of(path))
