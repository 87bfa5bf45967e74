"""The machine of an app where the project states none."""

from __future__ import annotations

from converters.fal import machine_types
from converters.ir import App, Disposition, Scope, Setting
from converters.ledger import Ledger
from converters.provenance import Candidate, Decision, Origin


def assume(
    app: App, ledger: Ledger, *, rule: str, gpu: str, message: str, place: Origin, why: str = "", origin: Origin | None = None
) -> None:
    """Write the likely machine, and tell a person to look it up.

    `gpu`: what asks for a GPU, in words; '' where nothing does. `why` is said instead of it. `message` is the row of the ledger under
    `rule` at `place`, with `{machine}` and `{why}` in it; `origin` is where the evidence is read off.
    """
    chosen, other = machine_types.ASSUMED_GPU, machine_types.ASSUMED_CPU
    if not gpu:
        chosen, other = other, chosen
    why = why or gpu or "nothing asks for a GPU"
    lost = Candidate(value=other, why="the machine for code that asks for no GPU" if gpu else "the machine for code that asks for a GPU")
    app.settings.append(Setting(name="machine_type", value=chosen, origin=origin, note=f"assumed: {why}"))
    app.decide(Decision.assumed("machine", chosen, why, origin or place, rule=rule, lost=[lost]))
    ledger.note(rule, Disposition.MANUAL, message.format(machine=chosen, why=why), place, scope=Scope.DEPLOY)
