"""`migrate brief OUT`: what is left of a migration, as tasks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from converters import rules
from converters.brief import checklist, reports
from converters.brief.markdown import as_markdown
from converters.brief.task import Acceptance, Brief
from converters.brief.tasks import Work
from converters.commands.actionable import reader
from converters.commands.arguments import print_refusal
from converters.commands.beside import write_document
from converters.commands.check import checked
from converters.commands.repeat import command
from converters.errors import MigrateError
from converters.findings import Finding
from converters.findings.context import Reader
from converters.preflight.apps import programs
from converters.project import open_project
from converters.reports.json import render
from converters.terminal import print_text


@dataclass(frozen=True)
class Request:
    """What was asked for. `reports`: what other commands printed as JSON; `source`: the project that was converted."""

    path: Path
    reports: tuple[Path, ...] = ()
    source: Path | None = None
    output: Path | None = None
    format: str = "markdown"


def brief_project(request: Request) -> int:
    """Print the brief of a fal project; 3 while a task of its code is left, else 0. Raises as `check`, and for reports that are none."""
    try:
        made = brief(request)
    except MigrateError as error:
        if request.format == "json":
            print_refusal(request.path, error, command("brief", request.path))
        raise
    document = made.as_json()
    text = render(document) if request.format == "json" else as_markdown(made)
    write_document(text, request.output)
    print_text(text)
    return int(document["exit_code"])


def brief(request: Request) -> Brief:
    """What is left: what `migrate check` finds now, and what the reports say, or MIGRATION.md where none is of a conversion."""
    project = open_project(request.path)
    preflight = checked(request.path)
    read = [reports.read(file) for file in request.reports]
    plan = _plan(reader(project))
    sources = [one for document, _ in read if (one := reports.source_of(document))]
    told = [finding for _, found in read for finding in found] + ([] if sources else checklist.findings(plan))
    source = request.source or next((Path(one) for one in sources if Path(one).is_dir()), None)
    check = command("check", request.path)
    verify = command("verify", source, request.path) if source is not None else ""
    rehearse = command("rehearse", request.path)
    work = Work(project, programs(project), open_project(source) if source is not None else None, check, verify or rehearse)
    ticked = checklist.ticked(plan)
    left = [one for one in told if not _is_asked_anew(one) and (one.rule, one.file, one.line) not in ticked]
    found = {one.id: one for one in [*preflight.actionable, *left]}
    done = tuple(Acceptance(one, 0) for one in (check, verify, rehearse) if one)
    return Brief(str(request.path), str(source or ""), work.tasks(found.values()), done)


def _plan(read: Reader) -> str:
    """The text of the output's own plan; '' where there is none."""
    return next((data.decode(errors="replace") for name in checklist.NAMES if (data := read(name)) is not None), "")


def _is_asked_anew(finding: Finding) -> bool:
    """Whether the preflight of the app as it is now says so where it is still true; what only the package index tells is not asked."""
    return finding.rule.startswith("PF") and finding.rule != rules.PF033
