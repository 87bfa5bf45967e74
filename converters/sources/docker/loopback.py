"""A server that binds 127.0.0.1 cannot be reached through fal's exposed port: a flag or a variable opens it where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters import rules
from converters.ir import App, Disposition, Edit, EnvVar, Finding
from converters.ledger import Ledger
from converters.project import Project
from converters.sources.docker import shell_host
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.serving import Listener

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

RULE = rules.DK024
REASON = "fal cannot reach 127.0.0.1"


def repair(project: Project, candidate: Candidate, reading: Reading, app: App, ledger: Ledger) -> None:
    """Make the server listen on all interfaces, or say that it does not."""
    listener, server = candidate.listener, app.server
    if listener is None or not listener.loopback or reading.front is not None or server is None or listener.host is None:
        return
    origin = listener.host.origin
    server.findings.append(Finding(subject="bind", value=str(listener.host.value), why=listener.host.how, origin=origin, decided=True))
    flags, value = _flags(listener, server.port)
    told = listener.host.how.startswith("flag")
    bound = f"the server binds {listener.host.value}, where fal cannot reach it"
    if flags and appendable(candidate):
        server.command, reading.changed = _with(server.command, flags, value), True
        ledger.note(RULE, Disposition.CONVERTED, f"{bound}: `{flags[0]} {value}` opens it", origin)
    elif flags and (words := shell_host.rewritten(server.command, listener.process, flags, value)) is not None:
        server.command, reading.changed = words, True
        ledger.note(RULE, Disposition.CONVERTED, f"{bound}: `{flags[0]} {value}` in the start command opens it", origin)
    elif listener.host_env and not told:
        app.environment.variables.append(EnvVar(name=listener.host_env, value="0.0.0.0", origin=origin))
        ledger.note(RULE, Disposition.CONVERTED, f"{bound}: {listener.host_env}=0.0.0.0 opens it", origin)
    elif flags and (edit := _in_script(project, listener, flags, value)) is not None:
        reading.edits.append(edit)
        ledger.note(RULE, Disposition.CONVERTED, f"{bound}: `{flags[0]} {value}` in {edit.file} opens it", origin)
    else:
        ledger.note(RULE, Disposition.MANUAL, f"{bound} ({listener.host.how}): make it listen on 0.0.0.0.", origin)


def _flags(listener: Listener, port: int | None) -> tuple[tuple[str, ...], str]:
    """(the flags that name the host, or else the address, what the first of them gets)."""
    program = listener.program
    if listener.host_flag:
        return (program.hosts if program is not None and listener.host_flag in program.hosts else (listener.host_flag,)), "0.0.0.0"
    if program is not None and program.binds:
        return program.binds, f"0.0.0.0:{port}"
    return (), ""


def _in_script(project: Project, listener: Listener, flags: tuple[str, ...], value: str) -> Edit | None:
    """The change of a start script of the project."""
    file = project.get(listener.process.script) if listener.process.script else None
    before = file.text if file is not None else ""
    after = shell_host.in_text(before, listener.process, flags, value) if "\r" not in before else None
    if file is None or after is None:
        return None
    start = next((index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), min(len(before), len(after)))
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end = len(before) - tail
    return Edit(file=file.path, start=start, end=end, replacement=after[start : len(after) - tail], rule=RULE, reason=REASON)


def appendable(candidate: Candidate) -> bool:
    """Whether the image starts the process itself, so that arguments at the end reach it."""
    listener = candidate.listener
    words, start = listener.process.words if listener else (), candidate.start.words
    return listener is not None and not listener.process.script and bool(words) and start[-len(words) :] == tuple(words)


def _with(command: list[str], flags: tuple[str, ...], value: str) -> list[str]:
    """The command with a flag set, in the place of the same flag where it stands already."""
    for index, word in enumerate(command):
        if word in flags and index + 1 < len(command) and not command[index + 1].startswith("-"):
            return [*command[: index + 1], value, *command[index + 2 :]]
        if (name := word.partition("=")[0]) in flags and "=" in word:
            return [*command[:index], f"{name}={value}", *command[index + 1 :]]
    return [*command, flags[0], value]
