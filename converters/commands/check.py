"""What `migrate check APP` does: the preflight of any fal project, as it stands on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converters.commands.arguments import resolver
from converters.errors import ExitCode, Unsupported
from converters.ir import Disposition, Scope
from converters.preflight import Deployment, Finding, deployments, findings
from converters.preflight.resolution import unresolved
from converters.project import open_project
from converters.reports.json import Document, render
from converters.terminal import print_text


def check_project(path: Path, format: str, *, resolve: bool = False) -> int:
    """Print what stands between a project and apps that answer on fal. Raises `Unreadable`, and `Unsupported` where there is no app."""
    project = open_project(path)
    apps = deployments(project)
    if not apps:
        raise Unsupported(
            "holds no fal app.",
            file=str(path),
            hint="Give the folder of a fal project; `migrate` converts others.",
        )
    told = [*findings(project), *(unresolved(apps, resolver()) if resolve else ())]
    found = [one for one in told if one.disposition is Disposition.MANUAL]
    kept = [one for one in told if one.disposition is Disposition.KEPT]
    code = ExitCode.MANUAL if any(finding.scope is Scope.CODE for finding in found) else ExitCode.DONE
    print_text(render(_document(path, apps, found, kept, code)) if format == "json" else _text(path, apps, found, kept))
    return code


def _document(path: Path, apps: list[Deployment], found: list[Finding], kept: list[Finding], code: ExitCode) -> Document:
    return {
        "version": 1,
        "exit_code": int(code),
        "path": str(path),
        "apps": [_app(app) for app in apps],
        "items": [
            {"rule": one.rule, "scope": one.scope.value, "file": one.file, "line": one.line, "about": one.about, "message": one.message}
            for one in found
        ],
        "not_resolved": [{"file": one.file, "line": one.line, "message": one.message} for one in kept],
    }


def _app(app: Deployment) -> dict[str, Any]:
    program = app.program
    return {"name": program.name, "kind": program.kind, "file": program.file, "line": program.line}


def _text(path: Path, apps: list[Deployment], found: list[Finding], kept: list[Finding]) -> str:
    names = ", ".join(app.program.name for app in apps)
    notes = [f"{one.file}:{one.line} note  {' '.join(one.message.split())}" for one in kept]
    if not found:
        return "\n".join([*notes, f"{path}: nothing found in {names}", ""])
    lines = [f"{one.file}:{one.line} {one.rule}  {' '.join(one.message.split())}" for one in found] + notes
    return "\n".join([*lines, f"\n{len(found)} found in {names}; `migrate explain RULE` says more", ""])
