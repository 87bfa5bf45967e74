"""What `migrate check APP` does: the preflight of any fal project, as it stands on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converters.errors import ExitCode, Unsupported
from converters.ir import Disposition, Scope
from converters.preflight import Deployment, Finding, deployments, findings
from converters.project import open_project
from converters.reports.json import Document, render
from converters.terminal import print_text


def check_project(path: Path, format: str) -> int:
    """Print what stands between a project and apps that answer on fal. Raises `Unreadable`, and `Unsupported` where there is no app."""
    project = open_project(path)
    apps = deployments(project)
    if not apps:
        raise Unsupported(
            "holds no fal app.",
            file=str(path),
            hint="Give the folder of a fal project; `migrate` converts others.",
        )
    found = [one for one in findings(project) if one.disposition is Disposition.MANUAL]
    code = ExitCode.MANUAL if any(finding.scope is Scope.CODE for finding in found) else ExitCode.DONE
    print_text(render(_document(path, apps, found, code)) if format == "json" else _text(path, apps, found))
    return code


def _document(path: Path, apps: list[Deployment], found: list[Finding], code: ExitCode) -> Document:
    return {
        "version": 1,
        "exit_code": int(code),
        "path": str(path),
        "apps": [_app(app) for app in apps],
        "items": [
            {"rule": one.rule, "scope": one.scope.value, "file": one.file, "line": one.line, "about": one.about, "message": one.message}
            for one in found
        ],
    }


def _app(app: Deployment) -> dict[str, Any]:
    program = app.program
    return {"name": program.name, "kind": program.kind, "file": program.file, "line": program.line}


def _text(path: Path, apps: list[Deployment], found: list[Finding]) -> str:
    names = ", ".join(app.program.name for app in apps)
    if not found:
        return f"{path}: nothing found in {names}\n"
    lines = [f"{one.file}:{one.line} {one.rule}  {' '.join(one.message.split())}" for one in found]
    return "\n".join([*lines, f"\n{len(found)} found in {names}; `migrate explain RULE` says more", ""])
