"""Takes the secrets of the input out of the model before anything is generated from it."""

from __future__ import annotations

import re
import shlex
from typing import Any, TypeVar

from pydantic import BaseModel

from converters import rules
from converters.credentials.vault import Vault, is_command
from converters.ir import App, Application, Disposition, EnvVar, Origin, Scope
from converters.ledger import Ledger

RULE = rules.ENV021
SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash", "/usr/bin/bash", "dash", "ash", "zsh")
REFERENCE = re.compile(r"\$\{(\w+)\}")
M = TypeVar("M", bound=BaseModel)


def withhold(application: Application, vault: Vault, ledger: Ledger) -> None:
    """Mask every text of the model; commands read their secrets from variables, by a shell."""
    for app in application.apps:
        if app.native is not None and any(vault.found_in_code(app.native.text)):
            app.native, app.why_style = None, f"keep: {app.entry} holds a secret in plain text, which the app file must not"
        _command(app, vault, ledger)
        _arguments(app, vault, ledger)
        _requirements(app, vault, ledger)
        _defaults(app, vault, ledger)
        _health(app, vault, ledger)
        for name, value in list(app.__dict__.items()):
            if name != "native":
                setattr(app, name, _masked(value, vault))
    application.evidence = _masked(application.evidence, vault)
    withhold_items(ledger, vault)


def withhold_items(ledger: Ledger, vault: Vault) -> None:
    """Mask what the ledger says; its keys, which are never printed, keep the names as they were read."""
    for item in (*ledger.settled.values(), *ledger.notes):
        item.message, item.name = vault.mask(item.message), vault.mask(item.name)


def mask_model(value: M, vault: Vault) -> M:
    """A model with every text in it masked, where it is."""
    _masked(value, vault)
    return value


def _masked(value: Any, vault: Vault) -> Any:
    """Models are changed where they are, everything else is copied."""
    if isinstance(value, BaseModel):
        for name, inner in list(value.__dict__.items()):
            changed = _masked(inner, vault)
            if changed is not inner:
                value.__dict__[name] = changed
        return value
    if type(value) is str:
        masked = vault.mask(value)
        return value if masked == value else masked
    if isinstance(value, list) and is_command(value):
        return vault.mask_words(value)
    if isinstance(value, list):
        return [_masked(item, vault) for item in value]
    if isinstance(value, tuple):
        return tuple(_masked(item, vault) for item in value)
    if isinstance(value, dict):
        return {key: _masked(item, vault) for key, item in value.items()}
    return value


def _command(app: App, vault: Vault, ledger: Ledger) -> None:
    """The command of a server with a secret in it becomes one of a shell, which puts the variable in."""
    server = app.server
    if server is None:
        return
    words = vault.mask_words(server.command)
    if words == server.command:
        return
    names = list(
        dict.fromkeys(name for word in words for name in REFERENCE.findall(word) if f"${{{name}}}" not in " ".join(server.command))
    )
    server.command = shell_command(words, server.command)
    if app.target == "pyproject" or server.cmd is not None or server.entrypoint is not None:
        server.entrypoint, server.cmd = server.command, []
    origin = next((one.origin for one in server.findings if one.subject == "command" and one.origin), None) or Origin(
        file=app.entry, line=1
    )
    for name in names:
        add_secret(app, name, origin)
        message = f"the command holds a secret: it now reads ${name}, by a shell; set it with `fal secrets set {name}=...`."
        ledger.note(RULE, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)


def _arguments(app: App, vault: Vault, ledger: Ledger) -> None:
    """The command line of a worker, which `setup()` sets as it is."""
    masked = vault.mask_words(app.environment.argv)
    if masked == app.environment.argv:
        return
    origin = app.handler.origin if app.handler else Origin(file=app.entry, line=1)
    for name in dict.fromkeys(name for word in masked for name in REFERENCE.findall(word)):
        add_secret(app, name, origin)
        message = (
            f"the command line holds a secret, and {app.app_file} names ${{{name}}} in its place: read the variable {name} in the code."
        )
        ledger.note(RULE, Disposition.MANUAL, message, origin)


def _health(app: App, vault: Vault, ledger: Ledger) -> None:
    """fal asks for the path as it is written, without any variable."""
    path = app.server.health_path if app.server else None
    if path and vault.mask(path) != path and app.server is not None:
        origin = next((one.origin for one in app.server.findings if one.subject == "health" and one.origin), Origin(file=app.entry, line=1))
        message = "the path of the health check holds a secret, which is not written: let the server answer it without one."
        ledger.note(RULE, Disposition.MANUAL, message, origin)


def shell_command(words: list[str], before: list[str]) -> list[str]:
    """The command with `${NAME}` where a shell fills it in: in the script of a shell as it is, else as the arguments of `exec`."""
    if len(words) >= 3 and words[0] in SHELLS and words[1] in ("-c", "-lc", "-ec", "-exc"):
        return [*words[:2], expanding(words[2], before[2]), *words[3:]]
    return ["/bin/sh", "-c", "exec " + " ".join(_quoted(word, old) for word, old in zip(words, before, strict=True))]


def expanding(script: str, before: str) -> str:
    """A shell script with references that are expanded where they stand: out of single quotes, too."""
    pieces: list[str] = []
    position = 0
    for match in REFERENCE.finditer(script):
        if match.group() in before:
            continue
        head = "".join([*pieces, script[position : match.start()]])
        inside = head.count("'") % 2 == 1 and not head.rpartition("'")[0].endswith("\\")
        pieces += [script[position : match.start()], f"'\"{match.group()}\"'" if inside else match.group()]
        position = match.end()
    return "".join([*pieces, script[position:]])


def _quoted(word: str, before: str) -> str:
    """One argument for a shell: everything literal but the references that stand for secrets."""
    if word == before:
        return shlex.quote(word)
    parts = re.split(r"(\$\{\w+\})", word)
    return "".join(f'"{part}"' if REFERENCE.fullmatch(part) and part not in before else shlex.quote(part) for part in parts if part)


def _requirements(app: App, vault: Vault, ledger: Ledger) -> None:
    """fal fills `${NAME}` of a requirement from the account's secrets when it builds the environment."""
    environment = app.environment
    for requirement in environment.requirements:
        _requirement(app, vault.mask(requirement.value), requirement.value, requirement.origin, ledger)
    for part in {part for layer in environment.layers for part in layer}:
        _requirement(app, vault.mask(part), part, None, ledger)


def _requirement(app: App, masked: str, value: str, origin: Origin | None, ledger: Ledger) -> None:
    for name in REFERENCE.findall(masked) if masked != value else ():
        if all(known.name != name for known in app.secrets):
            place = origin or Origin(file=app.environment.dockerfile or app.entry, line=1)
            add_secret(app, name, place)
            message = f"a requirement holds a secret: fal fills ${{{name}}} in when it installs; set it with `fal secrets set {name}=...`."
            ledger.note(RULE, Disposition.MANUAL, message, place, scope=Scope.DEPLOY)


def _defaults(app: App, vault: Vault, ledger: Ledger) -> None:
    """A default of an input that is a secret is not told to callers, and so not written."""
    for endpoint in app.endpoints:
        for field in endpoint.input.fields:
            if field.default is not None and vault.mask(field.default) != field.default:
                place = field.origin or Origin(file=app.entry, line=1)
                message = (
                    f"the default of the input `{field.name}` is a secret, which callers would see: read it from a fal secret instead."
                )
                ledger.note(RULE, Disposition.MANUAL, message, place)


def add_secret(app: App, name: str, origin: Origin) -> None:
    if all(known.name != name for known in app.secrets):
        app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
