"""The port of a server: every source of evidence in its turn, the one that decided, and the ones that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from converters.ir import Finding, Origin
from converters.project import Project
from converters.provenance import Certainty
from converters.sources.docker import official_images
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.choose import port_number
from converters.sources.docker.health import stated
from converters.sources.docker.listener import is_port
from converters.sources.docker.proxies import Front
from converters.sources.docker.serving import Unread

SIDE_PORTS = frozenset(
    {22, 25, 53, 111, 3306, 5432, 5433, 5434, 5678, 6379, 6006, 8265, 8384, 8888, 9090, 9091, 9100, 9229, 11211, 27017, 2222}
)
"""Ports of shells, databases, debuggers and metrics."""
DECLARED = (
    "EXPOSE", "port of service", "port of the endpoint", "variable of the endpoint", "containerPort", "targetPort", "HEALTHCHECK",
    "healthcheck", "$PORT", "ENV ", "variable of service",
)  # fmt: skip
"""How evidence starts that declares a port and does not bind it."""
PORT_VARIABLE = re.compile(r"PORT|(\w+_)?(HTTP|SERVER|APP|API|WEB|LISTEN|SERVICE|SRV|REST|UVICORN|GUNICORN)_?PORT", re.IGNORECASE)
"""Variables that name the port of the server itself, and not that of a database, of metrics or of the host."""


@dataclass
class Decision:
    """The port with all that speaks for and against it. `unset`: the variable that must be given for the server to start."""

    port: int | None
    findings: list[Finding] = field(default_factory=list)
    unset: str = ""
    question: str = ""
    """What a person must decide, where the port is stated in a form that cannot be read and declarations do not settle it."""
    told: str = ""
    """What stands in for such a statement, where declarations agree."""
    place: Origin | None = None
    """Of the statement."""

    def conflicts(self) -> list[Finding]:
        """Evidence for another port, from sources that speak about this server's own port."""
        return [
            one
            for one in self.findings
            if not one.decided and one.value.isdecimal() and self.port is not None and int(one.value) != self.port
        ]


def decide(project: Project, candidate: Candidate, front: Front | None, kubernetes: list[Finding]) -> Decision:
    """Weigh the evidence: what the process is told, a proxy in front of it, what the image and compose declare, defaults."""
    findings = [
        *_listener(candidate),
        *_front(front),
        *_compose(candidate),
        *_expose(candidate),
        *_declared_variables(candidate),
        *kubernetes,
        *_checks(candidate),
        *_base(candidate),
    ]
    unset = _unset(candidate)
    listener = candidate.listener
    own = port_number(listener.port) if listener else None
    order: list[int | None] = []
    if front is not None:
        order.append(front.port)
    if listener is not None and listener.certain and not unset:
        order.append(own)
    declared = [one for one in findings if one.why.startswith(DECLARED)]
    likely = _likely(candidate, declared, own)
    order += [likely, own, _first(findings)]
    port = next((number for number in order if number), None)
    if port is None and unset:
        port = 8080
        findings.append(
            Finding(
                subject="port",
                value="8080",
                why=f"${unset} is set by the host (Cloud Run gives 8080)",
                origin=listener.process.origin if listener else None,
                certainty=Certainty.ASSUMED,
            )
        )
    decision = Decision(port, findings, unset)
    if front is None and listener is not None and (unread := listener.unread_about("port")) is not None:
        _settle_unread(decision, unread, listener.framework, declared)
    for one in findings:
        if one.value == str(decision.port):
            one.decided = True
            break
    return decision


def _settle_unread(decision: Decision, unread: Unread, framework: str, declared: list[Finding]) -> None:
    """A port that is stated and could not be read: what is declared stands in for it, and a question where that is not one port."""
    decision.place = unread.origin
    decision.findings.insert(0, Finding(subject="port", value=unread.text, why=f"{framework} gets it; not read", origin=unread.origin))
    plain = [one for one in declared if one.value.isdecimal() and int(one.value) not in SIDE_PORTS]
    numbers = list(dict.fromkeys(one.value for one in plain))
    given = f"{framework} takes its port from `{unread.text}`, which cannot be read without running it"
    if len(numbers) == 1:
        decision.port = int(numbers[0])
        place = f" ({plain[0].origin})" if plain[0].origin else ""
        decision.told = f"{given}: {plain[0].why}{place} declares {numbers[0]}"
    elif numbers:
        said = ", ".join(f"{one.why} says {one.value}" for one in plain[:4])
        decision.question = f"{given}, and {said}: state the one it listens on with `--set exposed_port=N`."
    else:
        decision.port = None
        decision.question = f"{given}, and nothing declares one: state it with `--set exposed_port=N`."


def _first(findings: list[Finding]) -> int | None:
    return next((int(one.value) for one in findings if one.value.isdecimal()), None)


def _likely(candidate: Candidate, declared: list[Finding], own: int | None) -> int | None:
    """Among declared ports: the listener's own, one that is declared twice, the first that is no side port."""
    numbers = [int(one.value) for one in declared if one.value.isdecimal()]
    if own in numbers:
        return own
    known = candidate.listener.program.port if candidate.listener and candidate.listener.program else None
    if known not in numbers and candidate.service is not None and (base := official_images.official(candidate.service.image)):
        known = base.port
    if known in numbers:
        return known
    plain = [number for number in numbers if number not in SIDE_PORTS]
    return next((number for number in plain if numbers.count(number) > 1), plain[0] if plain else numbers[0] if numbers else None)


def _listener(candidate: Candidate) -> Iterator[Finding]:
    listener = candidate.listener
    number = port_number(listener.port) if listener else None
    if listener is None or listener.port is None or number is None:
        return
    what = listener.framework or "the program"
    yield Finding(
        subject="port",
        value=str(number),
        why=f"{listener.port.how} of {what}" if "of" not in listener.port.how else listener.port.how,
        origin=listener.port.origin,
        certainty=Certainty.DERIVED if "default" in listener.port.how else Certainty.STATED,
    )


def _front(front: Front | None) -> Iterator[Finding]:
    if front is not None:
        yield Finding(subject="port", value=str(front.port), why=f"{front.name} listens on it in front of the server", origin=front.origin)


def _compose(candidate: Candidate) -> Iterator[Finding]:
    service = candidate.service
    for port in service.ports if service else ():
        if port.protocol == "tcp" and service is not None:
            host = f", published as {port.host}" if port.host and port.host != port.container else ""
            origin = Origin(file=service.file.path, line=port.line)
            yield Finding(subject="port", value=str(port.container), why=f"port of service {service.name}{host}", origin=origin)


def _expose(candidate: Candidate) -> Iterator[Finding]:
    for port in candidate.stage.expose if candidate.stage else ():
        if port.port is not None and port.protocol == "tcp":
            yield Finding(subject="port", value=str(port.port), why="EXPOSE", origin=Origin(file=candidate.file, line=port.line))


def _declared_variables(candidate: Candidate) -> Iterator[Finding]:
    """`ENV PORT=8085`, where the program that reads it is not known, or reads it in a way that is not."""
    listener = candidate.listener
    if listener is not None and listener.framework and listener.port is not None and listener.unread_about("port") is None:
        return
    service = candidate.service
    for name, (value, line) in service.environment.items() if service else ():
        if PORT_VARIABLE.fullmatch(name) and is_port(value) and service is not None:
            origin = Origin(file=service.file.path, line=line)
            yield Finding(subject="port", value=str(value), why=f"variable of service {service.name} {name}", origin=origin)
    for name, (value, origin) in candidate.given.items():
        if PORT_VARIABLE.fullmatch(name) and is_port(value):
            yield Finding(subject="port", value=value, why=f"variable of the endpoint {name}", origin=origin)
    for name, known in candidate.stage.env.items() if candidate.stage else ():
        if PORT_VARIABLE.fullmatch(name) and is_port(known.value) and not (service and name in service.environment):
            yield Finding(subject="port", value=known.value, why=f"ENV {name}", origin=Origin(file=candidate.file, line=known.line))


def _checks(candidate: Candidate) -> Iterator[Finding]:
    for _, port, finding in stated(candidate.stage, candidate.service, candidate.file):
        if port is not None:
            yield Finding(subject="port", value=str(port), why=finding.why, origin=finding.origin)


def _base(candidate: Candidate) -> Iterator[Finding]:
    base = official_images.official(candidate.base)
    if base is not None and base.port is not None:
        origin = candidate.packaging.origin(candidate.packaging.stage.line) if candidate.packaging else candidate.start.origin
        why = f"default of the image {candidate.base}"
        yield Finding(subject="port", value=str(base.port), why=why, origin=origin, certainty=Certainty.DERIVED)


def _unset(candidate: Candidate) -> str:
    """The variable in the server's own port flag that nothing sets."""
    listener = candidate.listener
    value = str(listener.port.value) if listener and listener.port else ""
    match = re.fullmatch(r"\$\{?(\w+)\}?", value)
    return match.group(1) if match else ""
