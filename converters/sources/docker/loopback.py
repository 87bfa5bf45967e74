"""A server that binds 127.0.0.1 cannot be reached through fal's exposed port: a flag or a variable opens it where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.ir import App, Disposition, EnvVar, Finding
from converters.ledger import Ledger
from converters.sources.docker.candidate import Candidate

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

RULE = "DK024"


def repair(candidate: Candidate, reading: Reading, app: App, ledger: Ledger) -> None:
    """Make the server listen on all interfaces, or say that it does not."""
    listener, server = candidate.listener, app.server
    if listener is None or not listener.loopback or reading.front is not None or server is None or listener.host is None:
        return
    origin = listener.host.origin
    server.findings.append(Finding(subject="bind", value=str(listener.host.value), why=listener.host.how, origin=origin, decided=True))
    told = listener.host.how.startswith("flag")
    if listener.host_flag and appendable(candidate):
        flag = listener.host_flag
        server.command = _with(server.command, flag, "0.0.0.0")
        reading.changed = True
        ledger.note(
            RULE,
            Disposition.CONVERTED,
            f"the server binds {listener.host.value}, where fal cannot reach it: `{flag} 0.0.0.0` opens it",
            origin,
        )
    elif listener.program is not None and listener.program.binds and appendable(candidate):
        flag = listener.program.binds[0]
        server.command = _with(server.command, flag, f"0.0.0.0:{server.port}")
        reading.changed = True
        ledger.note(RULE, Disposition.CONVERTED, f"the server binds {listener.host.value}: `{flag} 0.0.0.0:{server.port}` opens it", origin)
    elif listener.host_env and not told:
        app.environment.variables.append(EnvVar(name=listener.host_env, value="0.0.0.0", origin=origin))
        ledger.note(RULE, Disposition.CONVERTED, f"the server binds {listener.host.value}: {listener.host_env}=0.0.0.0 opens it", origin)
    else:
        message = f"the server binds {listener.host.value} ({listener.host.how}), where fal cannot reach it: make it listen on 0.0.0.0."
        ledger.note(RULE, Disposition.MANUAL, message, origin)


def appendable(candidate: Candidate) -> bool:
    """Whether the image starts the process itself, so that arguments at the end reach it."""
    listener = candidate.listener
    words, start = listener.process.words if listener else (), candidate.start.words
    return listener is not None and not listener.process.script and bool(words) and start[-len(words) :] == tuple(words)


def _with(command: list[str], flag: str, value: str) -> list[str]:
    """The command with a flag set, in the place of the same flag where it stands already."""
    for index, word in enumerate(command):
        if word == flag and index + 1 < len(command):
            return [*command[: index + 1], value, *command[index + 2 :]]
        if word.startswith(f"{flag}="):
            return [*command[:index], f"{flag}={value}", *command[index + 1 :]]
    return [*command, flag, value]
