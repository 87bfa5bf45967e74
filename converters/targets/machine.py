"""An assumed machine, looked at once more over the finished files: everything that runs there speaks, not only what one front end saw."""

from __future__ import annotations

from collections.abc import Mapping

from converters.fal.machine_types import ASSUMED_CPU, ASSUMED_GPU
from converters.ir import App, Application, Setting
from converters.ledger import Ledger
from converters.outcome import FileChange
from converters.preflight import Deployment, deployments
from converters.preflight.checks.machine import evidence
from converters.preflight.tree import project_of
from converters.project import Project
from converters.provenance import Candidate, Decision
from converters.python import gpu
from converters.sources.registry import named

ASSUMED = "assumed: "


def reconsider(project: Project, application: Application, made: Mapping[str, FileChange], ledger: Ledger) -> bool:
    """Change the machines that are assumed against what the files say; whether any changed, so that their files are made anew."""
    assumed = {app.name: (app, stated) for app in application.apps if (stated := _assumed(app)) is not None}
    if not assumed:
        return False
    changed = False
    for deployment in deployments(project_of(made.values(), project)):
        if deployment.program.name in assumed:
            app, stated = assumed[deployment.program.name]
            changed |= _decide(application, app, stated, deployment, ledger)
    return changed


def _assumed(app: App) -> Setting | None:
    stated = app.setting("machine_type")
    return stated if stated is not None and stated.note.startswith(ASSUMED) and isinstance(stated.value, str) else None


def _decide(application: Application, app: App, stated: Setting, deployment: Deployment, ledger: Ledger) -> bool:
    decided, lost = gpu.decide(evidence(deployment))
    if decided is None:
        return False
    wanted = ASSUMED_CPU if decided.weight == "denies" else ASSUMED_GPU
    gpus = named(application.platform).gpus
    weak = decided.weight == "suggests" and gpus != "usual"
    torn = gpus == "stated" and (bool(lost) or decided.weight == "denies")
    if wanted == stated.value or weak or torn:
        return False
    before, old, why = f"{stated.value} is assumed ({stated.note.removeprefix(ASSUMED)})", stated.value, decided.why
    if lost:
        why += f", against {lost[0].why}"
    rule = decision.rule if (decision := app.decision("machine")) is not None else ""
    candidate = Candidate(
        value=old, why=decision.why if decision is not None else "", origin=decision.origin if decision is not None else None
    )
    app.decide(Decision.assumed("machine", wanted, why, decided.origin, rule=rule, lost=[candidate]))
    stated.value, stated.note = wanted, f"{ASSUMED}{why}"
    for item in ledger.notes:
        item.message = item.message.replace(before, f"{wanted} is assumed ({why})")
    return True
