"""Rules of other packages at work: what they find is accounted for, and their edits are made with ours."""

from __future__ import annotations

from converters.errors import MigrateError, UsageError
from converters.ir import Application, Disposition, Edit, Origin, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.rules.own import Found, OwnRule, all_own


def look(project: Project, application: Application, ledger: Ledger) -> None:
    """Let every rule of another package look at a project. Raises `UsageError` for one that fails, or finds what is not there."""
    for rule in all_own():
        for found in _found(rule, project, application):
            origin = Origin(file=found.file, line=found.line)
            ledger.note(rule.code, Disposition(found.disposition), found.message, origin, scope=Scope(found.scope))
            application.edits += [
                Edit(file=found.file, start=start, end=end, replacement=text, rule=rule.code, reason=found.message)
                for start, end, text in found.edits
            ]
            if found.edits:
                _keep(application, rule.code, found.file)


def _found(rule: OwnRule, project: Project, application: Application) -> list[Found]:
    try:
        found = list(rule.look(project, application))
    except MigrateError:
        raise
    except Exception as error:
        hint = "Tell its author, or uninstall its package."
        raise UsageError(f"the rule {rule.code} failed: {type(error).__name__}: {error}.", hint=hint) from error
    for one in found:
        if not isinstance(one, Found) or one.file not in project.files or one.line < 1:
            raise UsageError(f"the rule {rule.code} found something that is no place of the project: {one!r}.", hint="Tell its author.")
        if any(not 0 <= start <= end <= len(project.files[one.file].text) for start, end, _ in one.edits):
            raise UsageError(f"the rule {rule.code} edits what is not in {one.file}.", hint="Tell its author.")
    return found


def _keep(application: Application, code: str, file: str) -> None:
    """A program that such a rule edits keeps its module: its native form was read before."""
    for app in application.apps:
        if app.entry == file and app.native is not None:
            app.native, app.why_style = None, f"keep: {code} edits {file}"
