"""The files of an output: added ones, kept ones with their edits, and the last check for secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from converters import rules
from converters.credentials import seal
from converters.credentials.vault import Vault
from converters.ir import App, Application, Edit, NewFile
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import Action, FileChange, Hunk
from converters.preflight.account import account
from converters.project import MAX_FILE, Project, SourceFile
from converters.python.applying import apply, together
from converters.review.replay import decided
from converters.targets import secret_list, variables
from converters.targets.app import tidy
from converters.targets.templating import render

Guide = Callable[[Application, Ledger, Sequence[str]], str]
"""Writes MIGRATION.md; the last argument lists the places of kept files that hold a secret."""


def sealed(
    project: Project,
    application: Application,
    made: dict[str, FileChange],
    ledger: Ledger,
    vault: Vault,
    guide: Guide,
    options: Options,
) -> list[FileChange]:
    """The files of an output after the last check for secrets, with MIGRATION.md, which tells what came of it."""
    dockerfiles = {app.environment.dockerfile for app in application.apps if app.environment.dockerfile}
    result = seal.seal(made, dockerfiles, application.apps, vault, ledger, in_place=options.in_place)
    made, name = result.files, migration_name(project)
    if options.answers is not None:
        made = decided(made, options.answers, ledger, project)
    unset = {app.name for app in application.apps if secret_list.is_ours(app)}
    variables.fill(application, account(made, project, ledger, unset, options.resolve))
    ledger.close()  # what nobody spoke for is in the plan, too
    text = vault.mask(guide(application, ledger, seal.names_of(result.literals)))
    made[name] = added(project, name, text, None)
    gone = [FileChange(path, "removed", None, before=None) for path in [*project.files, *project.withheld] if path not in made]
    return [made[path] for path in sorted(made)] + gone


def migration_name(project: Project) -> str:
    return "MIGRATION.md" if "MIGRATION.md" not in project.files else "MIGRATION-fal.md"


def new_file(project: Project, file: NewFile) -> FileChange:
    """A file that the conversion adds, or writes in the place of the project's own."""
    known = project.get(file.path)
    text = text_of(file)
    data = text.encode()
    hunk = Hunk(1, text.count("\n"), file.rule, file.reason, str(file.origin) if file.origin else "")
    action: Action = "added" if known is None else "copied" if known.data == data else "modified"
    return FileChange(file.path, action, data, known.data if known else None, hunks=(hunk,))


def added(project: Project, path: str, text: str, app: App | None) -> FileChange:
    file = project.get(path)
    data = file.encode(text) if file is not None else text.encode()
    action: Action = "added" if file is None else "copied" if file.data == data else "modified"
    source = f"{app.entry}:{app.handler.origin.line}" if app is not None and app.handler is not None else ""
    reason = (
        "the app that serves the worker's handler"
        if app
        else "fal reads its apps here"
        if path == "pyproject.toml"
        else "what callers and `migrate verify` read"
        if path.endswith("contract.json")
        else "what is left to do"
    )
    rule = rules.FAL001 if app is None else rules.RC002 if app.handler is None else rules.RP003
    hunk = Hunk(1, text.count("\n"), rule, reason, source)
    return FileChange(path, action, data, file.data if file else None, hunks=(hunk,))


def kept_file(file: SourceFile, edits: list[Edit]) -> FileChange:
    """A file of the source in the output: copied, without being read where it is large, or modified by its edits."""
    if not edits and file.size > MAX_FILE:
        file.require_readable()
        return FileChange(file.path, "copied", None, None, file.executable)
    if not edits:
        return FileChange(file.path, "copied", file.data, file.data, file.executable)
    text = apply(file.text, edits)
    data = file.encode(text)
    hunks = []
    for edit in together(file.text, edits):
        line = file.text.count("\n", 0, edit.start) + 1
        hunks.append(Hunk(line, line + file.text.count("\n", edit.start, edit.end), edit.rule, edit.reason, f"{file.path}:{line}"))
    return FileChange(file.path, "modified", data, file.data, file.executable, tuple(hunks))


def text_of(file: NewFile) -> str:
    """The text of a file that the conversion adds."""
    return tidy(render(file.template, **file.values)) if file.template else file.text
