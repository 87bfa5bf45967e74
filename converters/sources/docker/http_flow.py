"""A Jina flow that speaks gRPC, which fal does not forward, becomes one that speaks HTTP: by a copy of its YAML."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from converters import rules
from converters.ir import App, Disposition, NewFile, Origin, Scope
from converters.ledger import Ledger
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.jina_flow import Flow
from converters.sources.docker.loopback import appendable
from converters.sources.docker.processes import absolute

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

RULE = rules.DK040


def speak_http(candidate: Candidate, reading: Reading, app: App, ledger: Ledger) -> None:
    """Write a gRPC flow a second time with `protocol: http`, and name that one in the command."""
    listener, server = candidate.listener, app.server
    flow = listener.flow if listener is not None else None
    if server is None or listener is None or flow is None or flow.protocol == "http":
        return
    origin = Origin(file=flow.file.path, line=flow.line)
    path = "http-flow.yml"
    named = str(PurePosixPath(flow.stated).with_name(path))
    if appendable(candidate):
        server.command = [named if word == flow.stated else word for word in server.command]
        server.command += [] if named in server.command else [named]
        reading.changed = True
    else:
        ledger.note(RULE, Disposition.MANUAL, f"name {named} where the flow is started, so that it speaks HTTP.", listener.process.origin)
    reading.files.append(
        NewFile(path=path, text=with_http(flow), rule=RULE, reason="the same flow, its gateway speaking HTTP", origin=origin)
    )
    app.environment.copies.append((path, absolute(named, listener.process.workdir)))
    ledger.note(
        RULE,
        Disposition.MANUAL,
        f"the flow serves gRPC, which fal does not forward: {path} is the same flow with `protocol: http`. "
        "Callers that speak gRPC send JSON to POST /post instead.",
        origin,
        scope=Scope.DEPLOY,
    )


def with_http(flow: Flow) -> str:
    """The text of the flow with `protocol: http` beside the gateway's port; every other line is as it was."""
    lines = flow.file.text.splitlines(keepends=True)
    if flow.protocol_line:
        index = flow.protocol_line - 1
        lines[index] = re.sub(r"(protocol\s*:\s*)[^\s,}]+", r"\1http", lines[index])
    else:
        index = flow.line - 1
        lines[index] = re.sub(r"^(.*?)\b(port\s*:\s*\S+)", _beside, lines[index])
    return "".join(lines)


def _beside(match: re.Match[str]) -> str:
    before, port = match.groups()
    return f"{before}protocol: http, {port}" if before.strip() else f"{before}protocol: http\n{before}{port}"
