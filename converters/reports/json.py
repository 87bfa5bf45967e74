"""The JSON document of a conversion (docs/cli.md): the one contract that every other report is rendered from.

`schema.json` beside this file describes it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from converters.credentials.vault import Vault
from converters.errors import MigrateError
from converters.escape import json_log
from converters.ir import App, Application, Disposition, Endpoint, Environment, EnvVar, Scope
from converters.ledger import Item
from converters.outcome import Converted, Crashed, NotConverted, Outcome, Unchanged
from converters.provenance import Decision, Origin
from converters.reports.schemas import input_schema, output_schema

VERSION = 1
SCALING = (
    "min_concurrency",
    "max_concurrency",
    "concurrency_buffer",
    "concurrency_buffer_perc",
    "scaling_delay",
    "keep_alive",
    "max_multiplexing",
    "request_timeout",
    "request_start_timeout",
    "startup_timeout",
    "termination_grace_period_seconds",
    "regions",
)

Document = dict[str, Any]
_NAMED = 5
"""Paths that are named for each reason."""


def document(outcome: Outcome, exit_code: int, *, output: Path | None = None, entry: str = "") -> Document:
    """The document of one conversion. `exit_code` is what the command answers, `output` the folder that was written."""
    application = outcome.application if isinstance(outcome, Converted) else None
    apps = [_app(app) for app in application.apps] if application else []
    items = outcome.ledger.items() if isinstance(outcome, Converted) else outcome.items if isinstance(outcome, NotConverted) else ()
    made = {
        "version": VERSION,
        "exit_code": int(exit_code),
        "status": outcome.status,
        **_failure(outcome),
        "source": _source(outcome, application, entry),
        "target": _agreed(app["target"] for app in apps),
        "style": _agreed(app["style"] for app in apps),
        "why": _agreed(app["why"] for app in apps),
        "output": str(output) if output else None,
        "apps": apps,
        "ledger": {"counts": _counts(items), "items": [_item(item) for item in items]},
        "files": _files(outcome),
    }
    return vault_of(outcome).masked_report(made)


def vault_of(outcome: Outcome) -> Vault:
    """The secrets that no report of this outcome may show."""
    return outcome.vault if isinstance(outcome, Converted) else Vault()


def failure(path: Path, status: str, error: MigrateError | str, exit_code: int, *, entry: str = "") -> Document:
    """The document of a project without an outcome: `refused` (usage), `crashed` (also: a limit of time), `interrupted`."""
    problem = error if isinstance(error, MigrateError) else MigrateError(error)
    return {
        "version": VERSION,
        "exit_code": int(exit_code),
        "status": status,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file or None,
        "line": problem.line or None,
        "report": None,
        "source": {"path": str(path), "platform": None, "entry": entry or None, "evidence": []},
        "target": None,
        "style": None,
        "why": None,
        "output": None,
        "apps": [],
        "ledger": {"counts": _counts(()), "items": []},
        "files": [],
    }


def render(value: Mapping[str, Any]) -> str:
    """One JSON text, in ASCII so that every terminal and every file name survives."""
    return json_log(json.dumps(value, indent=2, allow_nan=False)) + "\n"


def published_schema(name: str = "schema.json") -> dict[str, Any]:
    """The JSON Schema of the document (`schema.json`), of a batch (`batch.schema.json`), an audit or a rehearsal."""
    schema: dict[str, Any] = json.loads(resources.files("converters.reports").joinpath(name).read_text("utf-8"))
    return schema


def is_open(item: Mapping[str, Any]) -> bool:
    """Whether a ledger item of a document is left for a person, in the code or at deployment."""
    return bool(item["disposition"] == Disposition.MANUAL.value) and not item.get("suppressed")


def is_open_code(item: Mapping[str, Any]) -> bool:
    return is_open(item) and bool(item["scope"] == Scope.CODE.value)


def is_notable(item: Mapping[str, Any]) -> bool:
    """Whether callers or operators may notice what became of something, though nothing is left to do."""
    return bool(item["notable"]) and not is_open(item)


def is_suppressed(item: Mapping[str, Any]) -> bool:
    """Whether a person has it passed over, though it would be left to do."""
    return bool(item.get("suppressed"))


def near(path: str) -> str:
    """A path as seen from the current folder, where it lies below it."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def unit_name(document: Mapping[str, Any]) -> str:
    """A unit as a person finds it: its path as seen from the current folder, and its entry where the source names one."""
    path, entry = near(document["source"]["path"]), document["source"]["entry"]
    return f"{path} ({entry})" if entry else path


def _failure(outcome: Outcome) -> Document:
    empty: Document = dict.fromkeys(("message", "hint", "file", "line", "report"))
    match outcome:
        case Unchanged():
            return {**empty, "message": outcome.message, "hint": outcome.hint}
        case NotConverted():
            return {**empty, "message": outcome.message, "hint": outcome.hint, "file": outcome.file or None, "line": outcome.line or None}
        case Crashed():
            return {**empty, "message": outcome.message}
    return empty


def _source(outcome: Outcome, application: Application | None, entry: str) -> Document:
    platform: str = application.platform if application else outcome.platform if isinstance(outcome, NotConverted) else ""
    evidence = application.evidence if application else []
    return {
        "path": str(outcome.root),
        "platform": platform or None,
        "entry": entry or None,
        "evidence": [{"file": one.file, "line": one.line, "why": one.why} for one in evidence],
    }


def _agreed(values: Any) -> Any:
    """The one value that all apps share, else None."""
    found = list(values)
    return found[0] if found and all(value == found[0] for value in found) else None


def _app(app: App) -> Document:
    machine = app.setting("machine_type")
    return {
        "name": app.name,
        "target": app.target,
        "style": app.style,
        "why": app.why,
        "why_style": app.why_style,
        "ref": f"{app.app_file}::{app.class_name}" if app.app_file else None,
        "entry": app.entry,
        "machine_type": machine.value if machine else None,
        "num_gpus": _num_gpus(app),
        "endpoints": [_endpoint(endpoint) for endpoint in app.endpoints],
        "scaling": {setting.name: setting.value for setting in app.settings if setting.name in SCALING},
        "environment": _environment(app.environment),
        "secrets": [secret.name for secret in app.secrets],
        "server": _server(app),
        "decisions": [_decision(decision) for decision in sorted(app.decisions, key=lambda one: one.subject)],
    }


def _decision(decision: Decision) -> Document:
    return {
        "subject": decision.subject,
        "value": decision.value,
        "certainty": decision.certainty.value,
        "rule": decision.rule or None,
        "evidence": [{"text": clue.text, **_place(clue.origin)} for clue in decision.evidence],
        "lost": [{"value": one.value, "why": one.why, **_place(one.origin)} for one in decision.lost],
    }


def _place(origin: Origin | None) -> Document:
    return {"file": origin.file if origin else None, "line": origin.line if origin else None}


def _server(app: App) -> Document | None:
    if app.server is None:
        return None
    server = app.server
    return {
        "port": server.port,
        "command": server.command,
        "health_path": server.health_path,
        "openapi_path": server.openapi_path,
        "evidence": [
            {
                "subject": one.subject,
                "value": one.value,
                "why": one.why,
                "file": one.origin.file if one.origin else None,
                "line": one.origin.line if one.origin else None,
                "decided": one.decided,
            }
            for one in server.findings
        ],
    }


def _num_gpus(app: App) -> Any:
    stated, machine = app.setting("num_gpus"), app.setting("machine_type")
    if stated:
        return stated.value
    names = machine.value if machine and isinstance(machine.value, list) else [machine.value] if machine else []
    return 1 if any(str(name).startswith("GPU") for name in names) else 0


def _endpoint(endpoint: Endpoint) -> Document:
    return {
        "path": endpoint.path,
        "kind": endpoint.kind,
        "summary": endpoint.summary,
        "input_schema": input_schema(endpoint.input),
        "output_schema": output_schema(endpoint.output),
    }


def _environment(environment: Environment) -> Document:
    return {
        "kind": environment.kind,
        "why": environment.why,
        "requirements": [requirement.value for requirement in environment.requirements],
        "dockerfile": environment.dockerfile,
        "python_version": environment.python_version.value,
        "variables": [_variable(variable) for variable in environment.variables],
    }


def _variable(variable: EnvVar) -> Document:
    return {"name": variable.name, "value": None if variable.secret else variable.value, "secret": variable.secret}


def _counts(items: Sequence[Item]) -> dict[str, int]:
    return {disposition.value: sum(item.disposition is disposition for item in items) for disposition in Disposition}


def _item(item: Item) -> Document:
    return {
        "rule": item.rule,
        "disposition": item.disposition.value,
        "safety": item.safety.value,
        "scope": item.scope.value,
        "notable": item.notable,
        "kind": item.kind,
        "name": item.name,
        "suppressed": {"reason": item.suppressed, "by": item.suppressed_by} if item.suppressed else None,
        "file": item.file,
        "line": item.line,
        "end_line": item.end_line,
        "message": item.message,
        "output": {"file": item.output.file, "line": item.output.line} if item.output else None,
    }


def _files(outcome: Outcome) -> list[Document]:
    if not isinstance(outcome, Converted):
        return []
    return [{"path": change.path, "action": change.action} for change in sorted(outcome.files, key=lambda change: change.path)]


def rehearsed(batch: Document) -> list[tuple[str, str]]:
    """What was rehearsed in a batch, each sentence after its level: how many came how far, then who failed or could not be rehearsed."""
    found = [(result, one) for result in batch["results"] for one in result.get("rehearsals") or ()]
    if not found:
        return []
    counts = Counter(one["verdict"] for _, one in found)
    sentences = [("notice", f"rehearsed: {', '.join(f'{count} {verdict}' for verdict, count in sorted(counts.items()))}")]
    for result, one in found:
        failure = one["failure"] or {}
        where = failure.get("source") or failure.get("place") or {}
        line = f"{where['file']}:{where['line']}" if where.get("line") else where.get("file", "")
        why = ": ".join(filter(None, [line, failure.get("why") or one["skipped"]]))
        if failure or one["skipped"]:
            level = "error" if failure else "warning"
            sentences.append((level, f"{near(result['source']['path'])}: {one['app']} {one['verdict']}: {why}"))
    return sentences


def verified(batch: Document) -> list[tuple[str, str]]:
    """What was verified in a batch, each sentence after its level: how many came to which verdict, then what is not equivalent."""
    found = [(result, one) for result in batch["results"] for one in result.get("certificates") or ()]
    if not found:
        return []
    counts = Counter(one["verdict"] for _, one in found)
    sentences = [("notice", f"verified: {', '.join(f'{count} {verdict}' for verdict, count in sorted(counts.items()))}")]
    for result, one in found:
        if one["verdict"] != "equivalent":
            level = "error" if one["verdict"] == "different" else "warning"
            sentences.append((level, f"{near(result['source']['path'])}: {one['app']} {one['verdict']}"))
    return sentences


def examined(batch: Document) -> list[tuple[str, str]]:
    """What running the projects of a batch showed, each sentence after its level."""
    return [*verified(batch), *rehearsed(batch)]


def left_out(batch: Document) -> list[str]:
    """What a batch left out, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in batch["left_out"]:
        reasons.setdefault(one["why"], []).append(near(one["path"]))
    return [
        f"left out, {why}: {len(paths)} ({', '.join(paths[:_NAMED])}{', ...' if len(paths) > _NAMED else ''})"
        for why, paths in sorted(reasons.items())
    ]


def same_names(batch: Document) -> list[str]:
    """What to know of apps that have one name, a sentence each."""
    return [
        f"{len(found['projects'])} projects have an app {found['name']}: "
        f"in one account, the one that is deployed last replaces the others. Name them with --name: {', '.join(found['projects'])}"
        for found in batch["same_names"]
    ]
