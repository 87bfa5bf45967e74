"""From a Docker project to the model: which image is the server, what starts it, where it listens, what it answers."""

from __future__ import annotations

import re

from converters import rules
from converters.concepts import dotenv
from converters.concepts.names import app_name, class_name
from converters.containers import base_images
from converters.containers.dockerfile_model import Stage
from converters.credentials.recognize import is_secret
from converters.errors import Unreadable, Unsupported
from converters.escape import is_image, visible
from converters.given_server import GivenServer
from converters.ir import (
    App,
    Application,
    Disposition,
    Endpoint,
    Environment,
    EnvVar,
    Evidence,
    Finding,
    Origin,
    Server,
    Value,
)
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project
from converters.provenance import Certainty
from converters.sources.docker import (
    addresses_inside,
    authorization,
    choose,
    concurrency,
    decided,
    health_choice,
    http_flow,
    image_config,
    loopback,
    machine,
    needs,
    openapi,
    proxies,
    ranking,
    search,
    services,
    settle,
    start_time,
)
from converters.sources.docker.analysis import Reading
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.choose import port_number
from converters.sources.docker.defaults import Reader
from converters.sources.docker.handlers import standard_library
from converters.sources.docker.kubernetes import workload
from converters.sources.docker.port import Decision, decide
from converters.sources.docker.rivals import rivals
from converters.sources.docker.routes import Routes
from converters.sources.docker.routes import read as read_routes

DEFAULTS = [
    ("idle runners", "the container runs all the time", "keep_alive {keep_alive} s after the last request"),
    ("requests at a time", "as many as the server takes", "max_multiplexing {max_multiplexing} per runner"),
    ("number of containers", "as many as you start", "min_concurrency {min_concurrency}, max_concurrency {max_concurrency}"),
    ("time for a request", "no limit but the server's own", "request_timeout {request_timeout} s"),
    ("time to start", "no limit", "startup_timeout {startup_timeout} s"),
    ("time to stop", "10 s (docker stop)", "termination_grace_period_seconds {termination_grace_period_seconds} s"),
]
"""(setting, Docker's default, fal's default) where the source is silent; the names in braces are settings."""


def detect(project: Project) -> list[Evidence]:
    """Dockerfiles and compose files of the project."""
    found = [Evidence(file=file.path, line=1, why="a Dockerfile") for file in choose.dockerfiles(project)]
    return [*found, *(Evidence(file=file.path, line=1, why="a compose file") for file in choose.compose_files(project))]


def analyze(project: Project, options: Options, ledger: Ledger) -> Application:
    """Read the server of the project. Raises `Unsupported` where nothing in it serves HTTP, with the reason and the place."""
    path = options.image_config
    config = image_config.read(path, str(options.settings.get("image", ""))) if path is not None else None
    found = choose.candidates(project, config, options.settings, options.server)
    if options.unit:
        found = [one for one in found if options.unit in (one.file, one.service.file.path if one.service else "")]
    if not found:
        raise Unsupported("has no Dockerfile and no service that is a server.", hint="Give the folder that holds the server's Dockerfile.")
    reading = _reading(project, found, "exposed_port" in options.settings, options.server)
    application = Application(platform="docker", evidence=_evidence(reading), defaults=list(DEFAULTS))
    app = _app(project, reading, options, ledger)
    application.apps.append(app)
    application.files += reading.files
    application.edits += reading.edits
    decided.record(found, app)
    settle.settle(project, reading, app, ledger)
    _dot_env(project, reading, app, ledger)
    settle.others(project, reading, ledger)
    addresses_inside.own_addresses(reading, app, ledger)
    addresses_inside.on_the_host(reading, ledger)
    addresses_inside.in_the_code(reading, ledger)
    addresses_inside.in_other_code(reading, project, ledger)
    addresses_inside.in_configuration(reading, project, ledger)
    _ask_which(found, ledger)
    return application


def _ask_which(found: list[Candidate], ledger: Ledger) -> None:
    """The question which image is the server, where another one could be meant just as well."""
    for rival in rivals(found):
        service = rival.service
        what = f"service {service.name}" if service is not None else rival.file
        answer = f"`--set service={service.name}`" if service is not None else f"the path of {rival.file} in place of the project's"
        chosen = f"service {found[0].service.name}" if found[0].service is not None else found[0].file
        keep = f"`--set service={found[0].service.name}`" if found[0].service is not None else f"the path of {found[0].file}"
        origin = service.origin(next(iter(service.keys), "")) if service is not None else rival.start.origin
        message = f"{what} could be the server as well ({'; '.join(rival.reasons[:3])}): {answer} converts it, {keep} keeps {chosen}."
        ledger.note(rules.DK026, Disposition.MANUAL, message, origin)


def _dot_env(project: Project, reading: Reading, app: App, ledger: Ledger) -> None:
    """Variables of a `.env` in the build context that nothing but the code reads."""
    stage, modules = reading.candidate.stage, [path for path in app.environment.files if path.endswith(".py")]
    if reading.candidate.packaging is not None:
        dotenv.carry_over(project, app, [app.environment.context], modules, stage.env if stage else (), ledger, compose=True)


def _reading(project: Project, found: list[Candidate], stated: bool, server: GivenServer | None = None) -> Reading:
    candidate = found[0]
    front: proxies.Front | None = None
    if candidate.packaging is not None:
        script = "\n".join(project.files[path].data.decode(errors="replace") for one in candidate.processes for path in one.via if path)
        front = proxies.front(project, candidate.packaging.layout, candidate.processes, script)
    work = workload(project, candidate)
    if candidate.listener is None or not candidate.listener.framework:
        search.complete(project, candidate, work)
    if candidate.listener is not None and not candidate.listener.http and front is None and not stated:
        raise Unsupported(
            "serves gRPC and no HTTP.",
            file=candidate.start.origin.file,
            line=candidate.start.origin.line,
            hint="fal forwards HTTP: serve HTTP beside it, and name that port with `--set exposed_port=8000`.",
        )
    decision = decide(project, candidate, front, [*(work.ports if work else []), *_open_ports(server)])
    if candidate.supervised and not _answers(candidate, decision, front):
        candidate.listener = None
    routes = _routes(candidate)
    if (candidate.listener is None or not candidate.listener.framework) and decision.port is None and not stated:
        _refuse(candidate)
    command = list(candidate.start.words)
    beside = services.together(candidate)
    if beside and candidate.service is not None:
        command = services.command(candidate.service, beside)
        candidate.service.gpus = max(one.gpus for one in [candidate.service, *beside])
    return Reading(candidate, decision, routes, front, work, command, bool(beside), [one.name for one in beside])


def _open_ports(server: GivenServer | None) -> list[Finding]:
    """Ports that an export opens for HTTP."""
    ports = server.ports if server is not None else ()
    return [Finding(subject="port", value=str(port), why=f"port of {server.what}", origin=server.origin) for port in ports if server]


def _answers(candidate: Candidate, decision: Decision, front: proxies.Front | None) -> bool:
    """Whether requests to the port reach the listener, whose routes then are the app's; another supervised program may have the port."""
    own = port_number(candidate.listener.port) if candidate.listener else None
    return own is None or own in (decision.port, *(front.upstreams if front else ()))


def _refuse(candidate: Candidate) -> None:
    """Say what was looked at and why it is no server."""
    origin = candidate.start.origin
    if not candidate.start.words:
        message = "starts nothing: neither CMD nor ENTRYPOINT, and no compose service or manifest says what to run."
    else:
        message = f"starts `{' '.join(candidate.start.words)[:80]}`, which is no server as far as can be seen, and declares no port."
    raise Unsupported(
        message,
        file=origin.file,
        line=origin.line,
        hint="Say the command and the port in a compose file, with CMD and EXPOSE, or with `--set exposed_port=8000`.",
    )


def _routes(candidate: Candidate) -> Routes:
    listener = candidate.listener
    if listener is None or listener.code is None or listener.entry is None:
        return Routes()
    reader = Reader(listener.code, listener.modules, listener.process.words[1:], listener.process.env)
    module, _, attribute = listener.application.partition(":")
    path = candidate.listening.files.find(module, listener.process) if candidate.listening and module else None
    entry = listener.code.module(path) if path else None
    found = read_routes(listener.code, listener.modules, reader, entry or listener.entry, attribute)
    if not found.routes:
        found.routes += list(standard_library(listener.modules))
    return found


def _evidence(reading: Reading) -> list[Evidence]:
    candidate = reading.candidate
    found = []
    if candidate.packaging is not None:
        found.append(Evidence(file=candidate.packaging.file.path, line=candidate.packaging.stage.line, why="the Dockerfile of the server"))
    if candidate.config is not None:
        found.append(Evidence(file=candidate.config.file, line=1, why="the configuration of the image"))
    if candidate.service is not None:
        line = candidate.service.line(next(iter(candidate.service.keys), ""))
        found.append(Evidence(file=candidate.service.file.path, line=line, why=f"service {candidate.service.name}"))
    if not found and candidate.image:
        found.append(Evidence(file=candidate.start.origin.file, line=candidate.start.origin.line, why=f"the image {candidate.image}"))
    if candidate.start.words:
        origin = candidate.start.origin
        found.append(Evidence(file=origin.file, line=origin.line, why=f"{candidate.start.why}: {' '.join(candidate.start.words)[:80]}"))
    return found


def _refuse_image(candidate: Candidate) -> None:
    """Raises `Unreadable` for a ready image that cannot have its name."""
    if candidate.packaging is None and candidate.image and not is_image(candidate.image):
        origin = candidate.service.origin("image") if candidate.service else candidate.start.origin
        why = f"names the image `{visible(candidate.image)}`, which cannot be one."
        raise Unreadable(why, file=origin.file, line=origin.line, hint="Correct it.")


def _app(project: Project, reading: Reading, options: Options, ledger: Ledger) -> App:
    candidate = reading.candidate
    found = candidate.packaging
    _refuse_image(candidate)
    name = app_name(options.name or _name(project, candidate), set())
    stage = candidate.stage
    base = base_images.describe(candidate.base)
    python = base.python or (found and _python(found.stage.base_image)) or _stated_python(stage)
    environment = Environment(
        kind="image",
        dockerfile=found.file.path if found else None,
        build_args=_build_args(candidate),
        context=found.context if found else "",
        python_version=Value(value=python or "", note=f"base image {candidate.base}", certainty=Certainty.DERIVED),
        workdir=stage.workdir if stage else "",
        why=f"image: built from {found.file.path}" if found else f"image: {candidate.image}",
    )
    server = Server(
        image="" if found else candidate.image,
        workdir=environment.workdir,
        user=(stage.user or "") if stage else "",
        python=python,
        target=candidate.target or "",
    )
    origin = candidate.start.origin
    app = App(
        name=name,
        class_name=class_name(name),
        entry=origin.file,
        app_file="app.py" if "app.py" not in project.files else "fal_app.py",
        target="pyproject",
        style=None,
        why="the image starts the server by itself, which fal's direct server mode takes as it is",
        endpoints=[Endpoint(path="/", method="serve")],
        environment=environment,
        server=server,
    )
    _reach(project, reading, app, options, ledger)
    if options.server is not None:
        options.server.apply(app, ledger)
    if app.setting("machine_type") is None:
        machine.choose(project, reading, app, base, options.server, ledger)
    concurrency.read(reading.candidate, reading.workload, app, ledger)
    needs.read(project, reading.candidate, app, ledger)
    start_time.read(project, reading.candidate, app, ledger)
    authorization.read(reading.candidate, app, ledger, proxied=options.target == "app")
    return app


def _python(reference: str) -> str:
    match = re.search(r"python-?(3\.\d+)", reference)
    return match.group(1) if match else ""


def _stated_python(stage: Stage | None) -> str:
    """By the variable that Docker's own Python images set."""
    stated = stage.env.get("PYTHON_VERSION") if stage else None
    match = re.match(r"3\.\d+", stated.value) if stated else None
    return match.group() if match else ""


def _name(project: Project, candidate: Candidate) -> str:
    folder = candidate.packaging.file.folder if candidate.packaging else ""
    plain = {"docker", "dockerfiles", "build", "deploy", "server", "api", "app", "backend", "containers", "container", ".docker", ".devops"}
    last = folder.rsplit("/", 1)[-1]
    return project.name if not last or last.lower() in plain or ranking.CUDA.search(last) else last


def _build_args(candidate: Candidate) -> dict[str, str]:
    """Build arguments of the service that the Dockerfile declares, but for secrets: what is built keeps them readable."""
    if candidate.service is None or candidate.packaging is None:
        return {}
    declared = {name for stage in candidate.packaging.dockerfile.stages for name in stage.args} | set(candidate.packaging.dockerfile.args)
    return {
        name: value for name, value in candidate.service.build_args.items() if name in declared and value and not is_secret(name, value)
    }


def _reach(project: Project, reading: Reading, app: App, options: Options, ledger: Ledger) -> None:
    """Port, command, bind address, health and OpenAPI."""
    server, candidate = app.server, reading.candidate
    assert server is not None
    server.port = reading.decision.port
    server.findings += reading.decision.findings
    server.command = reading.command
    origin = candidate.start.origin
    server.findings.append(
        Finding(subject="command", value=" ".join(reading.command), why=candidate.start.why, origin=origin, decided=True)
    )
    if candidate.service is not None:
        stated = candidate.service.command is not None or candidate.service.entrypoint is not None
        reading.changed = reading.changed or stated or candidate.start.form == "compose"
    elif candidate.start.form == "compose":
        reading.changed = True
    if reading.decision.unset:
        _set(app, reading.decision.unset, str(server.port), origin, ledger)
    http_flow.speak_http(candidate, reading, app, ledger)
    loopback.repair(project, candidate, reading, app, ledger)
    _override(reading, app)
    health_choice.choose(project, reading, app, ledger)
    openapi.read(project, reading.candidate, reading.routes, app, options.openapi, ledger)
    if "exposed_port" not in options.settings:
        _ask_for_port(reading.decision, origin, ledger)
    for one in reading.decision.conflicts():
        place = one.origin or origin
        decided = next((other for other in reading.decision.findings if other.decided), None)
        why = f"{decided.why} ({decided.origin})" if decided else "the evidence"
        ledger.note(rules.DK021, Disposition.DROPPED, f"{one.why} says {one.value}; {why} decides for {server.port}", place)


def _ask_for_port(decision: Decision, origin: Origin, ledger: Ledger) -> None:
    """The question that is left about the port, and what stands in for a statement that could not be read."""
    if decision.question:
        ledger.note(rules.DK021, Disposition.MANUAL, decision.question, decision.place or origin)
    elif decision.port is None:
        message = "nothing says which port the server listens on: set it with `--set exposed_port=8000`."
        ledger.note(rules.DK021, Disposition.MANUAL, message, origin)
    elif decision.told:
        ledger.note(rules.DK021, Disposition.CONVERTED, decision.told, decision.place or origin)


def _override(reading: Reading, app: App) -> None:
    """`entrypoint` and `cmd` of the app's image, where the command is not what the image starts by itself."""
    candidate, server = reading.candidate, app.server
    assert server is not None
    if not reading.changed:
        return
    own = candidate.stage.entrypoint if candidate.stage else None
    prefix = list(own.words) if own is not None and own.form == "exec" else []
    if prefix and server.command[: len(prefix)] == prefix:
        server.cmd = server.command[len(prefix) :]
    else:
        server.entrypoint, server.cmd = server.command, []


def _set(app: App, name: str, value: str, origin: Origin, ledger: Ledger) -> None:
    app.environment.variables.append(EnvVar(name=name, value=value, origin=origin))
    ledger.note(
        rules.DK021,
        Disposition.CONVERTED,
        f"${name} is set by nothing in the project: the image sets {name}={value}, and fal exposes that port",
        origin,
    )


__all__ = ["Reading", "analyze", "detect"]
