"""What a person chose on the command line: settings with `--set`, rules with `--only` and `--skip`."""

from __future__ import annotations

from typing import Any

from converters.errors import UsageError
from converters.ir import Application, Disposition, Edit, Scope, Setting
from converters.ledger import Ledger
from converters.options import Options

SETTINGS: dict[str, type | tuple[type, ...]] = {
    "machine_type": (str, list),
    "num_gpus": int,
    "regions": list,
    "min_concurrency": int,
    "max_concurrency": int,
    "concurrency_buffer": int,
    "concurrency_buffer_perc": int,
    "scaling_delay": int,
    "max_multiplexing": int,
    "keep_alive": int,
    "request_timeout": int,
    "request_start_timeout": int,
    "startup_timeout": int,
    "termination_grace_period_seconds": int,
    "skip_retry_conditions": list,
    "secrets": list,
    "data_mounts": list,
}
"""Attributes of fal.App that may be set, with their types (fal 1.83, `fal/app.py`)."""
OPTIONAL_RULES = frozenset({"FS001", "RP008", "DK012", "RP016"})
"""Rules whose edits stand on their own; the others belong together."""


def settings(application: Application, options: Options, ledger: Ledger) -> None:
    """Apply `--set KEY=VALUE` to every app. Raises `UsageError` for an unknown key or a value of another type."""
    for key, value in options.settings.items():
        if key == "python_version":
            for app in application.apps:
                app.environment.python_version = app.environment.python_version.model_copy(
                    update={"value": str(value), "assumed": False, "note": "--set"}
                )
            continue
        expected = SETTINGS.get(key)
        if expected is None:
            raise UsageError(f"`--set {key}` is no setting of an app.", hint=f"Known: {', '.join(sorted([*SETTINGS, 'python_version']))}.")
        if not isinstance(value, expected) or isinstance(value, bool):
            raise UsageError(f"`--set {key}={value}`: {_kind(expected)} is expected.")
        for app in application.apps:
            app.settings = [setting for setting in app.settings if setting.name != key]
            app.settings.append(Setting(name=key, value=value, note="--set"))
    if "machine_type" in options.settings:
        ledger.notes = [item for item in ledger.notes if item.rule != "RP050"]


def _kind(expected: type | tuple[type, ...]) -> str:
    names: dict[Any, str] = {int: "a whole number", list: 'a list, such as ["a"]', str: "a text"}
    return " or ".join(names[kind] for kind in (expected if isinstance(expected, tuple) else (expected,)))


def selected(edits: list[Edit], options: Options, ledger: Ledger) -> list[Edit]:
    """The edits that `--only` and `--skip` leave. Raises `UsageError` for a rule that cannot be left out."""
    for rule in options.skip:
        if rule not in OPTIONAL_RULES:
            raise UsageError(
                f"`--skip {rule}`: the app does not work without this rule.", hint=f"Can be left out: {', '.join(sorted(OPTIONAL_RULES))}."
            )
    left_out = set(options.skip) | (OPTIONAL_RULES - set(options.only) if options.only else set())
    kept = []
    for edit in edits:
        if edit.rule in left_out:
            continue
        kept.append(edit)
    if left_out:
        _say(ledger, left_out)
    return kept


def _say(ledger: Ledger, left_out: set[str]) -> None:
    for table in (list(ledger.settled.values()), ledger.notes):
        for item in table:
            if item.rule in left_out and item.disposition is Disposition.CONVERTED:
                item.disposition, item.scope = Disposition.MANUAL, Scope.CODE
                item.message = f"left alone, since the rule was left out: {item.message}"
