"""Bounds that a list of requirements gets, so that pip takes releases which work together, as it did when the project was built."""

from __future__ import annotations

from converters import rules
from converters.ir import Disposition, Environment, Origin, Value
from converters.ledger import Ledger
from converters.python import pip
from converters.python.together import Bound, bounds, of_index


def keep_back(specs: list[Value[str]], layers: list[list[str]], python: str, ledger: Ledger) -> None:
    """Write what the requirements lack into them, in the layer that installs what lacks it; each bound is told."""
    torch = [spec.value for spec in specs if pip.name(spec.value) == "torch"]
    installed = [pip.pinned(text) or of_index(text, _layer(text, layers)) for text in torch]
    for lacked in list(bounds([spec.value for spec in specs], installed[-1] if installed and all(installed) else "", python)):
        if lacked.fits:
            _write(lacked, specs, layers, ledger)


def settle(environment: Environment, ledger: Ledger) -> None:
    """The same for an environment that is a list of requirements."""
    if environment.kind == "requirements":
        keep_back(environment.requirements, environment.layers, environment.python_version.value, ledger)


def _layer(text: str, layers: list[list[str]]) -> list[str]:
    return next((layer for layer in layers if text in layer), [])


def _write(lacked: Bound, specs: list[Value[str]], layers: list[list[str]], ledger: Ledger) -> None:
    name = pip.name(lacked.kept)
    stated = next((spec for spec in specs if pip.name(spec.value) == name), None)
    origin = next((spec.origin for spec in specs if spec.value == lacked.of), None) or Origin(file=".", line=1)
    if stated is None:
        made = f"{lacked.kept}{lacked.bound}"
        specs.append(Value(value=made, note=lacked.why))
        _layer(lacked.of, layers).append(made)
    else:
        old = stated.value
        requirement, semicolon, marker = old.partition(";")
        made = f"{requirement.strip()}{',' if any(sign in requirement for sign in '<>=!~') else ''}{lacked.bound}{semicolon}{marker}"
        stated.value = made
        for layer in layers:
            layer[:] = [made if part == old else part for part in layer]
    message = f"{lacked.why}: `{made}` keeps that back, as in the image that serves today"
    ledger.note(rules.ENV013, Disposition.CONVERTED, message, origin, notable=True)
