"""What `migrate check APP` does: the preflight of any fal project, as it stands on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters import findings
from converters.commands import repeat
from converters.commands.actionable import of_check, plain
from converters.commands.arguments import print_refusal, resolver
from converters.errors import ExitCode, MigrateError, Unsupported
from converters.ir import Disposition, Scope
from converters.preflight import Deployment, Finding, deployments
from converters.preflight import findings as preflight
from converters.preflight.resolution import unresolved
from converters.project import open_project
from converters.reports.json import Document, render
from converters.terminal import print_text


@dataclass(frozen=True)
class Checked:
    """What was found. `kept`: what could not be told; `actionable`: `found` as a program needs it, in the same order."""

    path: Path
    apps: list[Deployment]
    found: list[Finding]
    kept: list[Finding]
    actionable: list[findings.Finding]

    @property
    def exit_code(self) -> ExitCode:
        """3 where something is to be done in the code, else 0."""
        return ExitCode.MANUAL if any(one.scope is Scope.CODE for one in self.found) else ExitCode.DONE


def check_project(path: Path, format: str, *, resolve: bool = False, finding: str = "") -> int:
    """Print what stands between a project and apps that answer on fal; of one `finding` alone, where its id is given.

    Raises `Unreadable`, and `Unsupported` where there is no app.
    """
    try:
        made = checked(path, resolve=resolve, finding=finding)
    except MigrateError as error:
        if format == "json":
            print_refusal(path, error, _again(path, resolve=resolve))
        raise
    print_text(render(document(made)) if format == "json" else _text(made))
    return made.exit_code


def checked(path: Path, *, resolve: bool = False, finding: str = "") -> Checked:
    """The preflight of the project at a path. Raises as `check_project`."""
    project = open_project(path)
    apps = deployments(project)
    if not apps:
        raise Unsupported(
            "holds no fal app.",
            file=str(path),
            hint="Give the folder of a fal project; `migrate` converts others.",
        )
    told = [*preflight(project), *(unresolved(apps, resolver()) if resolve else ())]
    manual = [one for one in told if one.disposition is Disposition.MANUAL]
    kept = [one for one in told if one.disposition is Disposition.KEPT]
    actionable = of_check(project, manual, _again(path, resolve=resolve))
    chosen = [(one, act) for one, act in zip(manual, actionable, strict=True) if finding in ("", act.id)]
    return Checked(path, apps, [one for one, _ in chosen], kept, [act for _, act in chosen])


def document(made: Checked) -> Document:
    """What `migrate check --format json` prints (`converters/reports/check.schema.json`)."""
    return {
        "version": 1,
        "exit_code": int(made.exit_code),
        "path": str(made.path),
        "apps": [_app(app) for app in made.apps],
        "items": [
            {"rule": one.rule, "scope": one.scope.value, "file": one.file, "line": one.line, "about": one.about, "message": one.message}
            for one in made.found
        ],
        "not_resolved": [{"file": one.file, "line": one.line, "message": one.message} for one in made.kept],
        "findings": plain(made.actionable),
    }


def _again(path: Path, *, resolve: bool) -> str:
    return repeat.command("check", path, resolve=resolve)


def _app(app: Deployment) -> dict[str, Any]:
    program = app.program
    return {"name": program.name, "kind": program.kind, "file": program.file, "line": program.line}


def _text(made: Checked) -> str:
    names = ", ".join(app.program.name for app in made.apps)
    notes = [f"{one.file}:{one.line} note  {' '.join(one.message.split())}" for one in made.kept]
    if not made.found:
        return "\n".join([*notes, f"{made.path}: nothing found in {names}", ""])
    lines = [f"{one.file}:{one.line} {one.rule}  {' '.join(one.message.split())}" for one in made.found] + notes
    return "\n".join([*lines, f"\n{len(made.found)} found in {names}; `migrate explain RULE` says more", ""])
