"""The findings that a command adds to its JSON, from its document and the files that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from converters import preflight
from converters.credentials.recognize import dialect_of
from converters.credentials.vault import Vault, collect
from converters.errors import MigrateError
from converters.findings import Finding
from converters.findings.context import Context, Reader, nothing
from converters.findings.edits import Mask, of_change
from converters.ir import Disposition
from converters.outcome import Converted, NotConverted, Outcome
from converters.preflight.apps import programs
from converters.project import MAX_FILE, Project, open_project
from converters.reports.json import Document

_READ_BY_PEOPLE = ("MIGRATION.md",)
"""Files of an output that no app needs."""


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


def of_certificates(
    certificates: Sequence[Document], outcome: Converted | None, target: Path | None, reproduce: str, *, written: Path | None = None
) -> list[Document]:
    """Those of certificates, as JSON has them.

    `target`: the app that was asked for, None for a fresh conversion, which is at `written` while it is looked at; `outcome`: what the
    source is converted to, None where no source is at hand.
    """
    from converters.findings.of_certificates import Target, findings

    place = target or written
    project = _opened(_folder(place)) if place is not None else None
    if project is None:
        return plain(findings(certificates, {}, Context(reproduce)))
    vault = outcome.vault if outcome is not None else collect(project)
    context = replace(of_project(project, reproduce), mask=_mask(vault), folder=str(project.root) if target is not None else None)
    restored = _restored(outcome, project, context.mask) if outcome is not None and target is not None else {}
    found = programs(project)
    apps = {one["app"]: [each for each in found if each.name == one["app"]] or found for one in certificates}
    targets = {name: Target(one[0].file, one[0].line, restored) if one else Target(restored=restored) for name, one in apps.items()}
    return plain(findings(certificates, targets, context))


def of_rehearsals(rehearsals: Sequence[Document], path: Path, reproduce: str) -> list[Document]:
    """Those of rehearsals of the project at a path, as JSON has them."""
    from converters.findings.of_rehearsals import findings

    project = _opened(_folder(path))
    if project is None:
        return plain(findings(rehearsals, [], Context(reproduce)))
    failed = any(one["failure"] for one in rehearsals)
    manual = [one for one in preflight.findings(project) if one.disposition is Disposition.MANUAL] if failed else []
    return plain(findings(rehearsals, of_check(project, manual, reproduce), of_project(project, reproduce)))


def _folder(path: Path) -> Path:
    """The folder of a project, or of a `file.py[::Class]`."""
    file = Path(str(path).partition("::")[0])
    return file if file.is_dir() else file.parent


def _restored(outcome: Converted, project: Project, mask: Mask) -> dict[str, str]:
    """The diffs with which the files of a conversion become again what it writes; none for an app that somebody else wrote."""
    made = {change.path: change for change in outcome.files if change.action != "removed" and change.data is not None}
    own = {app.app_file for app in outcome.application.apps if app.app_file} or {"pyproject.toml"}
    if not all(file in project.files and file in made for file in own):
        return {}
    found: dict[str, str] = {}
    for path, change in sorted(made.items()):
        before, after = project.get(path), change.data or b""
        if path not in _READ_BY_PEOPLE and (before is None or before.data != after):
            diff = of_change(path, before.data if before is not None else None, after, mask)
            found |= {path: diff} if diff else {}
    return found


def of_project(project: Project, reproduce: str) -> Context:
    """What stands behind findings in a fal project on disk."""
    names = frozenset(project.files)
    return Context(reproduce, files=reader(project), names=names, folder=str(project.root), mask=_mask(collect(project)))


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
