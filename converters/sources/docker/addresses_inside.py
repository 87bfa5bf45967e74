"""Addresses that mean something only where they were written: of another service of the compose file, and of the container itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters import rules
from converters.containers.layout import layout
from converters.ir import App, Disposition, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Origin
from converters.python.module import Module, is_main_test, own_nodes
from converters.python.unparsed import unparse
from converters.sources.docker import config_stores, native_code
from converters.sources.docker.analysis import Reading

HOST = re.compile(
    r"(?:^|[\s,=\"'])(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@\"']*@)?(?P<host>[A-Za-z0-9][\w.-]*):(?P<port>\d{1,5})(?=[/\s,?\"']|$)"
)
"""`redis://user@cache:6379/0`, `cache:6379`: a name with a port."""
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://(?:[^\s/@\"']*@)?(?P<host>[A-Za-z0-9][\w.-]*|\[::1\])(?::(?P<port>\d{1,5}))?", re.IGNORECASE)
DOCKER_HOST = frozenset(
    {"host.docker.internal", "gateway.docker.internal", "docker.for.mac.localhost", "docker.for.win.localhost", "host.containers.internal"}
)
"""Names by which a container reaches the machine that it runs on."""
SELF = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})
HOST_NAME = re.compile(r"\w*(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)", re.IGNORECASE)
"""A variable whose whole value may be a host."""
CLUSTER = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.svc(\.cluster\.local)?", re.IGNORECASE)
"""A service of a Kubernetes cluster."""
STORES: dict[str, tuple[str, str]] = {
    "redis": ("Redis", "redis-server|valkey"),
    "rediss": ("Redis", "redis-server|valkey"),
    "amqp": ("RabbitMQ", "rabbitmq"),
    "amqps": ("RabbitMQ", "rabbitmq"),
    "pyamqp": ("RabbitMQ", "rabbitmq"),
    "mongodb": ("MongoDB", "mongo"),
    "postgres": ("PostgreSQL", "postgres"),
    "postgresql": ("PostgreSQL", "postgres"),
    "mysql": ("MySQL", "mysql|mariadb"),
    "nats": ("NATS", "nats"),
    "kafka": ("Kafka", "kafka"),
}
"""Scheme of an address -> (the store or broker that answers it, how an image that has it names it)."""
WRITTEN = re.compile(rb"\.svc\b|docker\.internal|(redis|rediss|p?amqps?|mongodb|postgres(ql)?|mysql|nats|kafka)(\+\w+)?://")
SETTING = re.compile(r"getenv|environ|\bconfig\b|\benv\b|Field|Option|Argument|add_argument|\.get$|setdefault", re.IGNORECASE)
"""Calls whose texts are names or defaults of what is set outside."""
OVERRIDDEN = re.compile(r"process\.env|\|\||\?\?|Getenv|env::var|SetDefault|unwrap_or|^\s*(//|\*|#)")
"""Lines whose addresses stand in for what is set outside, and comments."""
LISTENS = re.compile(r"\w*(BIND|LISTEN)\w*|(UVICORN|FLASK_RUN|GRADIO_SERVER|LLAMA_ARG|OLLAMA)_\w*|HOST|SERVER_NAME", re.IGNORECASE)
"""A variable by which a server is told where to listen."""


def settle(reading: Reading, app: App, ledger: Ledger) -> None:
    """Name the services that the server calls, whether or not `depends_on` does; and the addresses of the container itself."""
    service = reading.candidate.service
    waits = set(service.depends_on) if service is not None else set()
    for name, variables in _calls(reading).items():
        if name not in waits and name not in reading.beside:
            variable, origin = variables[0]
            message = (
                f"{variable} names the service {name}, which one container does not have: run it elsewhere and give its address in "
                f"{variable} or a secret, or start it in the same container."
            )
            ledger.note(rules.DK032, Disposition.MANUAL, message, origin)


def on_the_host(reading: Reading, ledger: Ledger) -> None:
    """Name what the server calls on the machine that runs Docker: a runner of fal has no such machine."""
    for name, value, origin in _variables(reading):
        hosts = {match["host"].lower() for match in (*HOST.finditer(value), *URL.finditer(value))} & DOCKER_HOST
        if hosts:
            message = (
                f"{name} names {hosts.pop()}, the machine that runs Docker, which a runner cannot reach: run what listens there elsewhere, "
                f"and give its address in {name} or a secret."
            )
            ledger.note(rules.DK032, Disposition.MANUAL, message, origin)


def in_the_code(reading: Reading, ledger: Ledger) -> None:
    """Name other services that code calls by an address which nothing outside of it can change."""
    listener, candidate = reading.candidate.listener, reading.candidate
    service = candidate.service
    names = {one.name for one in service.others} - {*service.depends_on, *reading.beside} if service is not None else set()
    started = _started(reading)
    said: set[str] = set()
    for module in listener.modules if listener is not None else ():
        if not WRITTEN.search(module.file.data) and not any(name.encode() in module.file.data for name in names):
            continue
        for node, value in _fixed_texts(module):
            host = _elsewhere(value, names, started)
            if host and host not in said:
                said.add(host)
                ledger.note(rules.DK032, Disposition.MANUAL, _calls_text(host), module.origin(node))


def in_other_code(reading: Reading, project: Project, ledger: Ledger) -> None:
    """The same in JavaScript, Go and Rust, by the texts of lines that ask for no variable."""
    listener, candidate = reading.candidate.listener, reading.candidate
    if listener is None:
        return
    texts = list(listener.scripts)
    if listener.framework in native_code.SUFFIXES and candidate.packaging is not None:
        found = native_code.sources(project, candidate.packaging, native_code.SUFFIXES[listener.framework])
        texts += [(file.path, file.data.decode(errors="replace")) for file in found if file.size < 2**18]
    said: set[str] = set()
    started = _started(reading)
    for path, text in texts:
        for number, line in enumerate(text.splitlines(), 1) if WRITTEN.search(text.encode()) or "@tcp(" in text else ():
            if OVERRIDDEN.search(line):
                continue
            for quoted in re.findall(r"[\"'`]([^\"'`]{4,200})[\"'`]", line):
                host = _elsewhere(quoted, set(), started)
                if host and host not in said:
                    said.add(host)
                    ledger.note(rules.DK032, Disposition.MANUAL, _calls_text(host), Origin(file=path, line=number))


def in_configuration(reading: Reading, project: Project, ledger: Ledger) -> None:
    """The same in configuration files that the image holds and its code reads."""
    packaging = reading.candidate.packaging
    if packaging is None:
        return
    held = (layout(packaging.dockerfile, stage, project, packaging.context) for stage in packaging.dockerfile.stages)
    paths = {file for one in held for file in one.files.values()}
    service = reading.candidate.service
    waits = set(service.depends_on) if service is not None else set()
    for one in config_stores.stores(project, paths, _started(reading)):
        if one.host not in waits:
            message = (
                f"{one.store} is expected on {one.host}, which one container does not have: run it elsewhere and write its address here, "
                "or start it in the same container."
            )
            ledger.note(rules.DK032, Disposition.MANUAL, message, one.origin)


def _calls_text(host: str) -> str:
    return (
        f"the code calls {host}, which one container does not have: run it elsewhere, and read its address from a variable or a secret, "
        "or start it in the same container."
    )


def _started(reading: Reading) -> str:
    """The commands of the start and of the build, which may bring a store along."""
    candidate = reading.candidate
    text = " ".join(word for process in candidate.processes for word in process.words)
    runs = [run.script for stage in candidate.packaging.dockerfile.stages for run in stage.runs] if candidate.packaging is not None else []
    return " ".join([text, *runs])


def _elsewhere(value: str, names: set[str], started: str) -> str:
    """The other service that a text is the address of, '' for none: of a cluster, of the compose file, a store on the container itself."""
    if CLUSTER.fullmatch(value):
        return value
    data_source = re.search(r"@tcp\((?P<host>[\w.-]+):\d+\)", value)
    if data_source is not None and data_source["host"] in SELF and not re.search(rf"\b({STORES['mysql'][1]})", started):
        return f"MySQL on {data_source['host']}"
    for match in URL.finditer(value):
        host, store = match["host"].lower(), STORES.get(value[: match.start("host")].partition("://")[0].partition("+")[0].lower())
        if CLUSTER.fullmatch(host) or host in DOCKER_HOST or (host in names and (store or match["port"])):
            return host
        if host in SELF and store and not re.search(rf"\b({store[1]})", started):
            return f"{store[0]} on {host}"
    return ""


def _fixed_texts(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Texts that the module itself states while it is imported, but for what stands in for a variable or a setting."""
    for node in own_nodes(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 300:
            above = list(module.ancestors(node))
            if not any(_may_change(one) for one in above):
                yield node, node.value


def _may_change(node: ast.AST) -> bool:
    """Whether a text below is a default that something from outside goes before."""
    if isinstance(node, ast.BoolOp | ast.IfExp | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return True
    if isinstance(node, ast.Call):
        return SETTING.search(unparse(node.func)) is not None
    if isinstance(node, ast.ClassDef):
        return any("Settings" in unparse(base) or "Model" in unparse(base) for base in node.bases)
    return isinstance(node, ast.If) and is_main_test(node.test)


def own_addresses(reading: Reading, app: App, ledger: Ledger) -> None:
    """Variables that hold an address of the container itself, by the port that the server listens on."""
    port = app.server.port if app.server is not None else None
    for name, value, origin in _variables(reading):
        for match in URL.finditer(value):
            if match["host"].lower() in SELF and match["port"] and int(match["port"]) == port and not LISTENS.fullmatch(name):
                message = (
                    f"{name}={value} is the container's own address, which no caller reaches: leave it if the server calls itself, "
                    f"and set {name}=https://fal.run/OWNER/{app.name} if links are made of it."
                )
                ledger.note(rules.DK044, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
                break


def called(reading: Reading) -> set[str]:
    """The services of the compose file that the server calls by address."""
    return set(_calls(reading))


def _calls(reading: Reading) -> dict[str, list[tuple[str, Origin]]]:
    service = reading.candidate.service
    names = {one.name for one in service.others} if service is not None else set()
    found: dict[str, list[tuple[str, Origin]]] = {}
    for variable, value, origin in _variables(reading):
        hosts = {match["host"] for match in (*HOST.finditer(value), *URL.finditer(value))}
        hosts |= {value} if HOST_NAME.fullmatch(variable) else set()
        for name in sorted(hosts & names):
            found.setdefault(name, []).append((variable, origin))
    return found


def _variables(reading: Reading) -> Iterator[tuple[str, str, Origin]]:
    """(name, value, place) of what the container is given: by compose, in its command, and by the image."""
    candidate = reading.candidate
    service = candidate.service
    for name, (value, line) in service.environment.items() if service is not None else ():
        if value and service is not None:
            yield name, value, Origin(file=service.file.path, line=line)
    if service is not None:
        yield "the command", " ".join([*(service.entrypoint or []), *(service.command or [])]), service.origin("command")
    for name, known in candidate.stage.env.items() if candidate.stage is not None else ():
        if service is None or name not in service.environment:
            yield name, known.value, Origin(file=candidate.file, line=known.line)
