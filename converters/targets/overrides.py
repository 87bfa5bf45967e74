"""What a person laid over the conversion: settings with `--set`, rules with `--only` and `--skip`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from converters import rules
from converters.errors import UsageError
from converters.fal import settings as catalogue
from converters.ir import App, Application, Disposition, Edit, Scope, Setting
from converters.ledger import Ledger
from converters.options import Options
from converters.provenance import Candidate, Certainty, Decision, Subject
from converters.rules import codes

OPTIONAL_RULES = frozenset({rules.FS001, rules.RP008, rules.DK012, rules.RP016})
"""Rules whose edits stand on their own; the others belong together."""
SUBJECTS: dict[str, Subject] = {
    "machine_type": "machine",
    "python_version": "python",
    "exposed_port": "port",
    "health_check": "health",
    "image": "image",
    "max_multiplexing": "concurrency",
    "termination_grace_period_seconds": "shutdown",
}
"""Setting -> what it decides."""


def apply(application: Application, options: Options, ledger: Ledger) -> None:
    """Lay `--set KEY=VALUE` over every app and tell fal's own defaults. Raises `UsageError` for what an app does not take."""
    catalogue.checked(options.settings)
    for app in application.apps:
        catalogue.refuse_misfits(options.settings, form_of(app))
        for name, value in options.settings.items():
            _set(app, name, value)
            if name in SUBJECTS:
                _decide(app, SUBJECTS[name], value, ledger)
    if application.apps:
        numbers = catalogue.defaults(form_of(application.apps[0]))
        application.defaults = [(name, theirs, ours.format_map(numbers)) for name, theirs, ours in application.defaults]


def form_of(app: App) -> catalogue.Form:
    """What kind of fal app it becomes."""
    return "worker" if app.server is None else app.target


def only_a_function_takes(names: Iterable[str]) -> str:
    """The setting that an image alone refuses and a function takes; '' where there is none."""
    known = [name for name in names if name in catalogue.PARAMETERS]
    forms = {name: catalogue.PARAMETERS[name].forms for name in known}
    return next((name for name in known if "function" in forms[name] and "pyproject" not in forms[name]), "")


def _set(app: App, name: str, value: object) -> None:
    server = app.server
    match name:
        case "python_version":
            stated = {"value": str(value), "certainty": Certainty.STATED, "note": "--set"}
            app.environment.python_version = app.environment.python_version.model_copy(update=stated)
        case "exposed_port" if server is not None and isinstance(value, int):
            server.port = value
        case "health_check" if server is not None:
            server.health_path = str(value)
        case "image" if server is not None:
            server.image, app.environment.dockerfile = str(value), None
        case "service" | "stage":
            pass  # the source has chosen by it
        case "auth" if server is not None:
            server.extra["auth"] = value
        case _:
            app.settings = [setting for setting in app.settings if setting.name != name]
            app.settings.append(Setting(name=name, value=value, note="--set"))


def _decide(app: App, subject: Subject, value: object, ledger: Ledger) -> None:
    """What a person states is no longer assumed: nobody is told to look it up."""
    before = app.decision(subject)
    lost = [Candidate(value=before.value, why=before.why, origin=before.origin)] if before is not None else []
    if before is not None and before.is_assumed and before.rule:
        ledger.notes = [item for item in ledger.notes if item.rule != before.rule]
    app.decide(Decision.stated(subject, value, "--set", lost=lost))


def known_rules(option: str, stated: Iterable[str], *, file: str = "") -> tuple[str, ...]:
    """The codes of `--only` or `--skip`, in upper case. Raises `UsageError` for one that does not exist or cannot be left out."""
    found = tuple(rule.strip().upper() for rule in stated)
    for rule in found:
        if rule not in codes():
            close = get_close_matches(rule, codes(), n=1)
            hint = f"Did you mean {close[0]}?" if close else "Rule codes stand in every report, for example FS001."
            raise UsageError(f"{option} {rule}: no rule has this code.", file=file, hint=hint)
        if rule not in OPTIONAL_RULES:
            hint = f"Can be left out: {', '.join(sorted(OPTIONAL_RULES))}."
            raise UsageError(f"{option} {rule}: the app does not work without this rule.", file=file, hint=hint)
    return found


def selected(edits: list[Edit], options: Options, ledger: Ledger) -> list[Edit]:
    """The edits that `--only` and `--skip` leave."""
    skip, only = known_rules("--skip", options.skip), known_rules("--only", options.only)
    left_out = set(skip) | (OPTIONAL_RULES - set(only) if only else set())
    if left_out:
        _say(ledger, left_out)
    return [edit for edit in edits if edit.rule not in left_out]


def _say(ledger: Ledger, left_out: set[str]) -> None:
    for table in (list(ledger.settled.values()), ledger.notes):
        for item in table:
            if item.rule in left_out and item.disposition is Disposition.CONVERTED:
                item.disposition, item.scope = Disposition.MANUAL, Scope.CODE
                item.message = f"left alone, since the rule was left out: {item.message}"
