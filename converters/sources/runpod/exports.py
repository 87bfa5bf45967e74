"""Variables that a start command exports, or gives its worker alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from converters import rules
from converters.concepts import environment as environments
from converters.concepts import storage, variables
from converters.containers.dockerfile_model import Stage
from converters.containers.shell import ShellCommand, expand, split
from converters.credentials.recognize import is_secret
from converters.ir import App, Disposition, EnvVar, Origin
from converters.ledger import Ledger


@dataclass(frozen=True)
class Exported:
    """A variable that a start command gives its worker. `value`: None where only the running shell knows it."""

    name: str
    value: str | None
    line: int
    default: bool = False
    """`X=${X:-value}`: it gives way to a value that the environment has already."""


def of(text: str, stage: Stage, starts_worker: Callable[[ShellCommand], bool]) -> list[Exported]:
    """Every export of a start command, and what the worker alone is given."""
    known = {name: value.value for name, value in stage.env.items()}
    found: list[Exported] = []
    for command, certain in _commands(text):
        exported = command.words[:1] == ("export",)
        given = [f"{name}={value}" for name, value in command.assignments] if starts_worker(command) else []
        own = [f"{name}={value}" for name, value in command.assignments] if not command.words else []
        for word in [*own, *given] or (command.raw_words[1:] if exported else ()):
            name, sign, raw = word.partition("=")
            if not sign or not re.fullmatch(r"[A-Za-z_]\w*", name):
                continue
            value = _written(raw, known)
            if exported or given:
                found.append(Exported(name, value, command.line, default=re.match(rf"[\"']?\$\{{{name}:?[-=]", raw) is not None))
            if value is not None and (certain or exported):
                known[name] = value
            elif own:
                known.pop(name, None)
    return found


def _commands(text: str) -> Iterator[tuple[ShellCommand, bool]]:
    """Every command, and whether it runs for certain."""
    for command in split(text):
        yield from ((inner, False) for inner in command.inner) if command.compound and command.inner else [(command, True)]


def _written(raw: str, known: Mapping[str, str]) -> str | None:
    """The value that an assignment gives; None where only the running shell knows it."""
    values = expand([raw], known)
    value = values[0] if len(values) == 1 else ""
    literal = re.sub(r"'[^']*'|\\.", "", raw)
    return None if "`" in literal or ("$" in literal and re.search(r"\$[\w({]", value)) else value


def carry(app: App, exported: Exported, origin: Origin, ledger: Ledger, needed: bool) -> None:
    """Give `setup()` an exported variable. `needed`: the worker or a library that it uses reads it."""
    name, value = exported.name, exported.value
    if variables.LOADER.match(name) or name in ("PATH", "PYTHONUNBUFFERED"):
        ledger.note(
            rules.ENV002,
            Disposition.DROPPED,
            f"`{name}` of the script holds for what the script starts; the app's own process is started by fal",
            origin,
        )
    elif value is not None and value and is_secret(name, value):
        if all(known.name != name for known in app.secrets):
            app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
        environments.secret_item(ledger, name, origin, f"the start script exports the secret {name}")
    elif value is None or is_secret(name):
        if needed or is_secret(name):
            message = f"the script computes {name} when it runs, and the worker needs it: set it in setup()."
            ledger.note(rules.ENV001, Disposition.MANUAL, message, origin)
        else:
            message = f"the script computes {name} when it runs, for what it starts: the worker's own files do not read it"
            ledger.note(rules.ENV001, Disposition.KEPT, message, origin)
    else:
        moved = storage.moved(value, app)
        app.environment.variables = [known for known in app.environment.variables if known.name != name]
        app.environment.variables.append(EnvVar(name=name, value=moved, preset=not exported.default, origin=origin))
        ledger.note(rules.ENV001, Disposition.CONVERTED, f"{name} is exported by the start script: set in setup()", origin)
