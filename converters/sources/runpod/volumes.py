"""RunPod's network volume, where more than its name matters: that it is mounted, and that it holds files."""

from __future__ import annotations

import ast
import re

from converters import rules
from converters.concepts import storage, variables
from converters.ir import App, Application, Disposition, Origin, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.python.code import Code
from converters.python.module import nodes
from converters.sources.runpod.units import Unit


def is_looked_for(project: Project, unit: Unit, code: Code, closure: list[str]) -> bool:
    """Whether the code, the image or the start script names the folder of the volume by itself.

    `os.path.exists("/runpod-volume")` and `[ -d /runpod-volume ]` are true on RunPod before anything is written there.
    """
    stage = unit.packaging.stage if unit.packaging else None
    if stage is not None and any(_is_volume(one.value) for one in stage.env.values()):
        return True
    entry = unit.packaging.entry if unit.packaging else None
    script = project.files.get(entry.script) if entry is not None and entry.script else None
    if script is not None and re.search(rf"-[dewx]\s+[\"']?{storage.VOLUME}/?[\"']?(?=[\s;\]]|$)", script.text):
        return True
    modules = [module for path in closure if (module := code.module(path)) is not None and storage.VOLUME in module.text]
    constants = [node.value for module in modules for node in nodes(module.tree) if isinstance(node, ast.Constant)]
    return any(isinstance(value, str) and _is_volume(value) for value in constants)


def _is_volume(text: str) -> bool:
    return text.rstrip("/") == storage.VOLUME


def copied(app: App, unit: Unit, ledger: Ledger) -> None:
    """Ask for the files of a volume that variables name. Caches fill by themselves, unless nothing may be fetched."""
    folder = storage.volume_folder(app)
    told = any(item.rule == rules.FS001 and item.disposition is Disposition.MANUAL and folder in item.message for item in ledger.notes)
    stated = {name: one.value for name, one in unit.packaging.stage.env.items()} if unit.packaging else {}
    offline = any(variables.OFFLINE.match(name) and value.lower() in ("1", "true", "yes", "on") for name, value in stated.items())
    held = (one.value or "" for one in app.environment.variables if offline or one.name not in variables.CACHES)
    if not told and any(value == folder or value.startswith(f"{folder}/") for value in held):
        ledger.note(
            rules.FS001,
            Disposition.MANUAL,
            f"copy the volume's files to {folder} (`fal files upload`).",
            Origin(file=app.entry, line=1),
            scope=Scope.DEPLOY,
        )


def apart(application: Application, ledger: Ledger) -> None:
    """Say of workers that use a volume that each has a folder of its own: nothing in a project tells whether they shared one."""
    folders = {storage.volume_folder(app): app for app in reversed(application.apps)}
    told = [item.message for item in ledger.notes if item.rule == rules.FS001]
    used = [folder for folder in folders if any(re.search(rf"{re.escape(folder)}(?![\w-])", message) for message in told)]
    if len(used) < 2:
        return
    *others, last = sorted(used)
    message = (
        f"{', '.join(others)} and {last} are folders of their own: where these workers shared one network volume, what one of them keeps "
        "there the others do not find; name one folder in all of them"
    )
    ledger.note(rules.FS001, Disposition.DROPPED, message, Origin(file=folders[sorted(used)[0]].entry, line=1), notable=True)
