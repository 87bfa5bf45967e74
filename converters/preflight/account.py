"""Enters the findings of a conversion's own output into its ledger, at the lines of the source where the files have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

from converters.ir import Disposition, Origin, Scope
from converters.ledger import Item, Ledger, Place
from converters.outcome import FileChange
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.inspect import deployments, findings_of
from converters.preflight.resolution import unresolved
from converters.preflight.tree import project_of
from converters.project import MAX_FILE, Project
from converters.resolver import Resolver


def account(
    made: Mapping[str, FileChange],
    source: Project,
    ledger: Ledger,
    unset: Collection[str] = (),
    resolve: Resolver | None = None,
) -> list[Deployment]:
    """Note what the output of a conversion still lacks; what an item says already is not said again. The apps as they were read.

    ``unset``: names of the apps whose `secrets` the conversion listed, so that a person has still to set them. ``resolve``: who is
    asked whether the requirements fit together; nobody where it is not given.
    """
    manual = [item for item in ledger.items() if item.disposition is Disposition.MANUAL]
    apps = [_unlisted(one) if one.program.name in unset else one for one in deployments(project_of(made.values(), source))]
    for found in [*findings_of(apps), *(unresolved(apps, resolve) if resolve is not None else ())]:
        if any(_says(item, found) for item in manual):
            continue
        file, line = source_place(made, source, found)
        place = Place(file=found.file, line=found.line)
        ledger.note(
            found.rule,
            found.disposition,
            found.message,
            Origin(file=file, line=line),
            scope=found.scope,
            output=place,
            about=found.about,
            suggestion=found.suggestion,
        )
    return apps


def _unlisted(deployment: Deployment) -> Deployment:
    """The app without its list of secrets."""
    settings = {name: stated for name, stated in deployment.program.settings.items() if name != "secrets"}
    return replace(deployment, program=replace(deployment.program, settings=settings))


def source_place(made: Mapping[str, FileChange], source: Project, found: Finding) -> tuple[str, int]:
    """Where a person looks: the line of the source that a line of the output was, or was made of; else the output's own."""
    change = made.get(found.file)
    if change is None or change.before is not None:
        return found.file, source_line(change, found.line) if change is not None else found.line
    text = b"".join((change.data or b"").splitlines()[found.line - 1 : found.line]).strip()
    dissolved = [file for path, file in source.files.items() if path.endswith(".py") and path not in made and file.size <= MAX_FILE]
    lines = [(file.path, number, line) for file in dissolved for number, line in enumerate(file.data.splitlines(), 1)]
    named = [(path, number) for path, number, line in lines if found.about and found.about.encode() in line]
    same = [(path, number) for path, number, line in lines if line.strip() == text and len(text) > 8]
    places = named if len(named) == 1 else same
    return places[0] if len(places) == 1 else (found.file, found.line)


def _says(item: Item, found: Finding) -> bool:
    """Whether an item is about the same thing, and as serious."""
    named = re.search(rf"(?<![\w/-]){re.escape(found.about)}(?![\w/-])", f"{item.name} {item.message}") if found.about else None
    return named is not None and (item.scope is Scope.CODE or found.scope is Scope.DEPLOY)


def source_line(change: FileChange, line: int) -> int:
    """The line of the source file that became a line of the output; the same number for a file that we made."""
    if change.before is None or change.data is None or change.before == change.data:
        return line
    before, after = change.before.splitlines(), change.data.splitlines()
    for tag, start, _, made, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if made < line <= end:
            return start + (line - made if tag == "equal" else 1)
    return line
