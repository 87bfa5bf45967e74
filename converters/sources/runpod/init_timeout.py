"""`RUNPOD_INIT_TIMEOUT`, the seconds that RunPod gives a worker to start -> fal's `startup_timeout`."""

from __future__ import annotations

from collections.abc import Iterable

from converters import rules
from converters.fal.runner import STARTUP_TIMEOUT
from converters.ir import App, Disposition, EnvVar, Origin, Setting
from converters.ledger import Ledger
from converters.sources.runpod.units import Unit

NAME = "RUNPOD_INIT_TIMEOUT"


def settle(unit: Unit, app: App, listed: Iterable[EnvVar], ledger: Ledger) -> None:
    """Take the value of the start script, of the image, or of the hub listing: the first of them that states one."""
    found = [one for one in (*app.environment.variables, *listed) if one.name == NAME]
    image = unit.packaging.stage.env.get(NAME) if unit.packaging is not None else None
    if image is not None and unit.packaging is not None:
        found.insert(0, EnvVar(name=NAME, value=image.value, origin=unit.packaging.origin(image.line)))
    app.environment.variables = [one for one in app.environment.variables if one.name != NAME]
    for one in found[:1]:
        apply(app, one.value or "", one.origin or Origin(file=unit.entry, line=1), ledger)


def apply(app: App, value: str, origin: Origin, ledger: Ledger) -> None:
    """Write the setting where the worker may take longer than fal gives by default. A shorter time is no promise that has to be kept."""
    text = value.strip()
    if not text.isdecimal():
        message = f"{NAME} is `{text}`, which is no number of seconds: write `startup_timeout` in {app.app_file}."
        ledger.note(rules.RP052, Disposition.MANUAL, message, origin)
        return
    seconds = int(text)
    if seconds <= STARTUP_TIMEOUT:
        ledger.note(
            rules.RP052, Disposition.DROPPED, f"fal gives a runner {STARTUP_TIMEOUT} seconds to start, which is as long or longer", origin
        )
        return
    app.settings = [one for one in app.settings if one.name != "startup_timeout"]
    app.settings.append(Setting(name="startup_timeout", value=seconds, origin=origin, note=NAME))
    ledger.note(rules.RP052, Disposition.CONVERTED, f"{NAME} -> startup_timeout = {seconds}", origin)
