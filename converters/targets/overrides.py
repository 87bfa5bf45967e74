"""What a person laid over the conversion: settings with `--set`, rules with `--only` and `--skip`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from converters import rules
from converters.errors import UsageError
from converters.fal import settings as catalogue
from converters.ir import App, Application, Disposition, Edit, Scope, Setting
from converters.ledger import Item, Ledger
from converters.options import Ignore, Options
from converters.project import Project
from converters.provenance import Candidate, Certainty, Decision, Subject
from converters.rules import find, known, own

OPTIONAL_RULES = frozenset({rules.FS001, rules.RP008, rules.DK012, rules.RP016})
"""Rules whose edits stand on their own; the others belong together."""
NEVER = frozenset({rules.ALL001, rules.ALL002})
"""Rules without which something would be passed over in silence."""
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
    skips = option.endswith("skip")
    for rule in found:
        _must_exist(option, rule, file)
        if rule in NEVER:
            hint = "Write `# fal-migrate: ignore[CODE] reason` where it is."
            raise UsageError(f"{option} {rule}: what no rule speaks for is never passed over as a whole.", file=file, hint=hint)
        if rule not in optional() and not (skips and is_advice(rule)):
            if is_advice(rule):
                raise UsageError(f"{option} {rule}: this rule changes nothing.", file=file, hint="--skip leaves it out.")
            hint = f"Can be left out: {', '.join(sorted(optional()))}; with --skip also rules that only tell (`manual` in docs/rules.md)."
            raise UsageError(f"{option} {rule}: the app does not work without this rule.", file=file, hint=hint)
    return found


def _must_exist(option: str, rule: str, file: str) -> None:
    if rule not in known():
        close = get_close_matches(rule, known(), n=1)
        hint = f"Did you mean {close[0]}?" if close else "Rule codes stand in every report, for example FS001."
        raise UsageError(f"{option} {rule}: no rule has this code.", file=file, hint=hint)


def suppressible(stated: Iterable[str], *, everywhere: bool) -> tuple[str, ...]:
    """The codes of findings to pass over, in upper case. Raises `UsageError` for one that no rule has, or that is meant `everywhere`
    and tells what no rule speaks for.
    """
    found = tuple(rule.strip().upper() for rule in stated)
    for rule in found:
        _must_exist("names", rule, "")
        if everywhere and rule in NEVER:
            raise UsageError(f"names {rule}: what no rule speaks for is never passed over as a whole.", hint="Name a file.")
    return found


def optional() -> frozenset[str]:
    """The rules whose edits can be left out: those of other packages as well, as nothing of ours rests on them."""
    return OPTIONAL_RULES | {code for code in own.codes() if not is_advice(code)}


def is_advice(code: str) -> bool:
    """Whether a rule only tells: what it leaves to a person can be passed over without another output."""
    rule = find(code)
    return rule is not None and rule.safety == "manual" and code not in NEVER


def skipped(options: Options) -> tuple[Ignore, ...]:
    """What `--skip` has passed over of the rules that only tell."""
    left_out = tuple(rule for rule in known_rules("--skip", options.skip) if is_advice(rule))
    return (Ignore(left_out, "left out with --skip", ""),) if left_out else ()


def selected(project: Project, edits: list[Edit], options: Options, ledger: Ledger) -> list[Edit]:
    """The edits that `--only`, `--skip` and comments of the project leave; the ledger says so of the others."""
    rules_left_out = _rules_left_out(options)
    if rules_left_out:
        _say(ledger, lambda item: item.rule in rules_left_out, "the rule was left out")
    ignored = {(edit.rule, edit.file, _line(project, edit)) for edit in edits if _is_ignored(project, edit, ledger)}
    if ignored:
        _say(ledger, lambda item: (item.rule, item.file, item.line) in ignored, "a comment asks for it")
    return [edit for edit in edits if not (edit.rule in rules_left_out or _is_ignored(project, edit, ledger))]


def keep_entries(project: Project, application: Application, options: Options, ledger: Ledger) -> None:
    """Give up the native form of a program in which a rule is left out: its edits are part of that form."""
    rules_left_out = _rules_left_out(options)
    for app in application.apps:
        edits = [edit for edit in application.edits if edit.file == app.entry] if app.native is not None else []
        for edit in edits:
            if edit.rule in rules_left_out or _is_ignored(project, edit, ledger):
                app.native, app.why_style = None, f"keep: {edit.rule} is left out in {app.entry}, whose native form contains it"


def _rules_left_out(options: Options) -> frozenset[str]:
    skip, only = known_rules("--skip", options.skip), known_rules("--only", options.only)
    return optional() & set(skip) | (optional() - set(only) if only else frozenset())


def _is_ignored(project: Project, edit: Edit, ledger: Ledger) -> bool:
    return edit.rule in optional() and bool(ledger.ignores) and ledger.ignore_at(edit.rule, edit.file, _line(project, edit)) is not None


def _line(project: Project, edit: Edit) -> int:
    return project.files[edit.file].text.count("\n", 0, edit.start) + 1


def _say(ledger: Ledger, is_meant: Callable[[Item], bool], why: str) -> None:
    for item in (*ledger.settled.values(), *ledger.notes):
        if item.disposition is Disposition.CONVERTED and is_meant(item):
            item.disposition, item.scope = Disposition.MANUAL, Scope.CODE
            item.message = f"left alone, since {why}: {item.message}"
