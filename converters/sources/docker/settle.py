"""What becomes of every construct of the chosen Dockerfile and compose service, and of the files that were not chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters import rules
from converters.concepts import baked, variables
from converters.containers import arguments, fetched, packaging
from converters.containers.build_context import context_files, used_stages
from converters.containers.compose import Service
from converters.containers.dockerfile_model import Instruction
from converters.containers.packaging import Packaging
from converters.containers.registries import host_of, login
from converters.credentials.recognize import is_secret
from converters.escape import is_variable
from converters.ir import App, Disposition, EnvVar, Origin, Registry, Scope
from converters.ledger import Construct, Ledger
from converters.project import Project
from converters.rules import dk025_compose
from converters.sources.docker import addresses_inside, baked_cache, choose, command_lists, image_config, kubernetes, official_images
from converters.sources.docker.volumes import settle_volumes

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

KEPT = "stays in the image"
ROOT = frozenset({"root", "0", "0:0", "root:root"})
"""How USER and compose name the user that an image has where nothing says another."""


def settle(project: Project, reading: Reading, app: App, ledger: Ledger) -> None:
    """The chosen Dockerfile and service."""
    candidate = reading.candidate
    if candidate.packaging is not None:
        packaging.record(candidate.packaging, ledger)
        _dockerfile(project, candidate.packaging, reading, app, ledger)
    if candidate.config is not None:
        image_config.settle(candidate.config, app, ledger, changed=reading.changed)
    _registries(reading, app, ledger)
    if candidate.service is not None:
        _service(project, candidate.service, reading, app, ledger)


def _dockerfile(project: Project, found: Packaging, reading: Reading, app: App, ledger: Ledger) -> None:
    used = used_stages(found)
    baked_cache.settle(project, found, reading, app, ledger)
    command_lists.settle(found, ledger)
    for instruction, construct in found.instructions:
        _instruction(project, found, instruction, construct, used, reading, ledger)
    for run, step, construct in found.steps:
        unused = run.stage not in used
        if unused:
            ledger.settle(construct, rules.DK005, Disposition.KEPT, "in a stage that this target does not build")
        elif fetched.is_data(project, run, step):
            origin = Origin(file=construct.file, line=construct.line, end_line=construct.end_line)
            app.weights.append(baked.weights(step.command.text, origin))
            ledger.settle(construct, rules.FS003, Disposition.KEPT, "what this build step fetches stays baked in the image")
        else:
            ledger.settle(construct, rules.DK005, Disposition.KEPT, KEPT)
    for name, constructs in found.variables.items():
        for construct in constructs:
            _variable(found, app, name, construct, ledger)
    app.environment.files = context_files(project, found)


def _instruction(
    project: Project, found: Packaging, instruction: Instruction, construct: Construct, used: set[int], reading: Reading, ledger: Ledger
) -> None:
    keyword, stage = instruction.keyword, instruction.stage
    if stage is not None and stage not in used:
        ledger.settle(construct, rules.DK005, Disposition.KEPT, "in a stage that this target does not build")
    elif keyword in ("CMD", "ENTRYPOINT"):
        if reading.changed:
            ledger.settle(construct, rules.DK020, Disposition.CONVERTED, "the app's own `entrypoint` and `cmd` take its place")
        else:
            ledger.settle(construct, rules.DK020, Disposition.KEPT, "starts the server on fal as it did")
    elif keyword == "EXPOSE":
        ledger.settle(construct, rules.DK021, Disposition.CONVERTED, "the port stands in `exposed_port`")
    elif keyword == "HEALTHCHECK":
        ledger.settle(construct, rules.DK022, Disposition.CONVERTED, "fal asks the same path by `health_check`")
    elif keyword in ("COPY", "ADD") and (withheld := packaging.withheld(found, instruction)):
        ledger.settle(construct, rules.FS011, Disposition.MANUAL, withheld)
    elif keyword in ("COPY", "ADD"):
        missing = [source for source, line in found.layout.missing if line == instruction.line and not source.startswith("$")]
        generous = [source for source in missing if re.search(r"[*?\[]", source)]
        if missing and missing != generous:
            ledger.settle(
                construct,
                rules.DK016,
                Disposition.MANUAL,
                f"{', '.join(missing)} is not in the project: the image cannot be built without it.",
            )
        else:
            ledger.settle(construct, rules.DK005, Disposition.KEPT, KEPT)
    elif keyword == "ARG":
        _argument(found, instruction, construct, reading, ledger)
    elif keyword == "STOPSIGNAL":
        ledger.settle(construct, rules.DK035, Disposition.DROPPED, "fal stops runners with SIGTERM, then with SIGKILL")
    elif keyword == "VOLUME":
        message = "a runner's own disk is not kept: put what must last below /data"
        ledger.settle(construct, rules.DK031, Disposition.MANUAL, message + ".", scope=Scope.DEPLOY)
    elif keyword == "FROM" and instruction.stage is not None and not found.dockerfile.stages[instruction.stage].base:
        ledger.settle(
            construct,
            rules.DK014,
            Disposition.MANUAL,
            "the base image comes from a build argument without a default: give it in `build_args`.",
        )
    else:
        ledger.settle(construct, rules.DK005, Disposition.KEPT, KEPT)


def _in_command(found: Packaging, name: str, reading: Reading) -> str:
    """The variable that ENV makes of a build argument and the start command reads, where nothing else gives it; '' for none."""
    reads = re.compile(rf"\$(?:{name}\b|\{{{name}\}})")
    set_by = [one.value for one in found.dockerfile.instructions if one.keyword == "ENV" and one.stage == found.stage.index]
    pairs = [pair for text in set_by for pair in re.findall(r"(\w+)(?:=|\s+)[\"']?([^\s\"']+)", text)]
    made = {variable for variable, value in pairs if reads.fullmatch(value)}
    given = {*reading.candidate.given, reading.decision.unset}
    given |= set(reading.candidate.service.environment) if reading.candidate.service is not None else set()
    command = " ".join(reading.command)
    return next((one for one in sorted(made - given) if re.search(rf"\$(?:{one}\b|\{{{one}\}})", command)), "")


def _argument(found: Packaging, instruction: Instruction, construct: Construct, reading: Reading, ledger: Ledger) -> None:
    name = instruction.value.split("=")[0].strip()
    known = found.stage.args.get(name) or found.dockerfile.args.get(name)
    needed = arguments.is_needed(found.dockerfile, name)
    given = reading.candidate.service.build_args.get(name) if reading.candidate.service else None
    if is_secret(name, given or (known.value if known else None)):
        ledger.settle(
            construct,
            rules.DK014,
            Disposition.MANUAL,
            f"ARG {name} is a secret, and build arguments stay readable: steps get it as a build secret; `fal secrets set {name}=...`.",
            scope=Scope.DEPLOY,
        )
    elif given:
        ledger.settle(construct, rules.DK014, Disposition.CONVERTED, "its value stands in `build_args`")
    elif (
        "=" not in instruction.value
        and (known is None or known.value is None)
        and not name.startswith(("TARGET", "BUILD"))
        and _is_used(found, name)
    ):
        started = _in_command(found, name, reading)
        why = f", and the start command reads ${started}" if started else ""
        todo = f"give it in `build_args`{'' if needed or started else ' if the build needs it'}."
        scope = Scope.CODE if needed or started else Scope.DEPLOY
        ledger.settle(construct, rules.DK014, Disposition.MANUAL, f"ARG {name} has no default{why}: {todo}", scope=scope)
    else:
        ledger.settle(construct, rules.DK005, Disposition.KEPT, KEPT)


def _is_used(found: Packaging, name: str) -> bool:
    return any(
        re.search(rf"\$\{{?{re.escape(name)}\b", instruction.value)
        for instruction in found.dockerfile.instructions
        if instruction.keyword != "ARG"
    )


def _variable(found: Packaging, app: App, name: str, construct: Construct, ledger: Ledger) -> None:
    effective = found.stage.env.get(name)
    if effective is not None and is_secret(name, effective.value):
        _secret(app, name, Origin(file=construct.file, line=construct.line))
        where = "its value stands in the Dockerfile: remove it there, and " if effective.value else ""
        message = f"{name} is a secret: {where}set it with `fal secrets set {name}=...`."
        ledger.settle(construct, rules.ENV004, Disposition.MANUAL, message, scope=Scope.DEPLOY)
    else:
        ledger.settle(construct, rules.ENV001, Disposition.KEPT, f"{name} is set in the image")


def _secret(app: App, name: str, origin: Origin) -> None:
    if all(known.name != name for known in app.secrets):
        app.secrets.append(EnvVar(name=name, secret=True, origin=origin))


def _registries(reading: Reading, app: App, ledger: Ledger) -> None:
    """The login for an image that a registry may not give to anyone."""
    candidate, server = reading.candidate, app.server
    assert server is not None
    found = candidate.packaging
    references = (
        [(candidate.image, Origin(file=candidate.service.file.path, line=candidate.service.line("image")))]
        if found is None and candidate.service
        else []
    )
    if candidate.config is not None and candidate.service is None:
        references = [(candidate.image, Origin(file=candidate.config.file, line=1))]
    if found is None and candidate.service is None and candidate.config is None:
        references = [(candidate.image, candidate.start.origin)]
    if found is not None:
        used = used_stages(found)
        references = [
            (stage.base_image, found.origin(stage.line))
            for stage in found.dockerfile.stages
            if stage.index in used and stage.base_stage is None
        ]
    pull = bool(reading.workload and reading.workload.pull_secrets)
    for reference, origin in references:
        known = login(reference)
        if known is None or any(one.host == known.host for one in server.registries):
            continue
        if known.public and not (pull or (found is None and not host_of(reference) and _private(reference))):
            continue
        server.registries.append(Registry(host=known.host, username=known.username, secret=known.secret, origin=origin))
        message = f"{reference} is pulled with a login: set `fal secrets set {known.secret}=...` ({known.advice})."
        ledger.note(rules.DK030, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)


def _private(reference: str) -> bool:
    """Docker Hub images that are known to be public need no login."""
    return official_images.official(reference) is None


def _service(project: Project, service: Service, reading: Reading, app: App, ledger: Ledger) -> None:
    for key in service.keys:
        construct = ledger.record("compose", f"{service.name}.{key}", service.origin(key))
        if _as_the_image_says(key, service, reading):
            ledger.settle(construct, rules.DK025, Disposition.CONVERTED, "the image says the same")
        elif key in dk025_compose.KEYS:
            disposition, reason = dk025_compose.KEYS[key]
            ledger.settle(construct, rules.DK025, disposition, reason)
        elif why := dk025_compose.without_effect(key, service.keys.get(key), gpu=_has_gpu(app)):
            ledger.settle(construct, rules.DK025, Disposition.DROPPED, why)
        elif key in dk025_compose.UNSUPPORTED:
            ledger.settle(construct, rules.DK025, Disposition.MANUAL, dk025_compose.UNSUPPORTED[key])
        elif key.startswith("x-"):
            ledger.settle(construct, rules.DK025, Disposition.DROPPED, "an extension that compose itself ignores")
        elif key == "environment":
            ledger.settle(construct, rules.DK025, Disposition.CONVERTED, "each variable is baked into the image or becomes a secret")
        elif key == "env_file":
            _env_file(service, construct, ledger)
        elif key == "volumes":
            settle_volumes(project, service, construct, reading, app, ledger)
        elif key == "depends_on":
            _depends(service, reading.beside, construct, ledger)
    _environment(service, app, ledger)
    addresses_inside.settle(reading, app, ledger)


def _has_gpu(app: App) -> bool:
    machine = app.setting("machine_type")
    return machine is not None and str(machine.value).upper().startswith("GPU")


def _as_the_image_says(key: str, service: Service, reading: Reading) -> bool:
    """Whether a key of the service states what the image states or has by itself."""
    stage, value = reading.candidate.stage, str(service.keys.get(key))
    if key == "working_dir":
        return stage is not None and value.rstrip("/") == (stage.workdir or "/").rstrip("/")
    return key == "user" and value in ROOT and stage is not None and (stage.user or "root") in ROOT


def _environment(service: Service, app: App, ledger: Ledger) -> None:
    """The variables of `environment` and of the files that `env_file` names."""
    for name, (value, line) in service.environment.items():
        one = ledger.record("variable", f"{service.name}.{name}", Origin(file=service.file.path, line=line))
        origin = Origin(file=service.file.path, line=line)
        if not is_variable(name):
            ledger.settle(one, rules.ENV012, Disposition.MANUAL, variables.unnamed(name))
        elif is_secret(name, value):
            _secret(app, name, origin)
            ledger.settle(
                one, rules.ENV004, Disposition.MANUAL, f"{name} is a secret: set it with `fal secrets set {name}=...`.", scope=Scope.DEPLOY
            )
        elif value is None:
            ledger.settle(
                one,
                rules.ENV005,
                Disposition.MANUAL,
                f"{name} comes from the shell that starts compose: set it with `fal secrets set {name}=...`, or with ENV.",
                scope=Scope.DEPLOY,
            )
        elif name.startswith(("NVIDIA_", "CUDA_VISIBLE")):
            ledger.settle(one, rules.ENV002, Disposition.DROPPED, f"{name} chooses among the host's GPUs")
        elif value == "" and name not in _image_names(app):
            ledger.settle(one, rules.ENV002, Disposition.DROPPED, f"{name} is empty here")
        else:
            app.environment.variables = [known for known in app.environment.variables if known.name != name]
            app.environment.variables.append(EnvVar(name=name, value=value, origin=origin))
            ledger.settle(
                one,
                rules.ENV001,
                Disposition.CONVERTED,
                f"{name} is set in the image, since an app of an image alone has no table of variables",
            )


def _image_names(app: App) -> set[str]:
    return {known.name for known in app.environment.variables}


def _env_file(service: Service, construct: Construct, ledger: Ledger) -> None:
    if service.missing_env_files:
        names = ", ".join(path for path, _ in service.missing_env_files)
        message = f"{names} is not in the project: set what it holds with `fal secrets set NAME=...`, or with ENV in the Dockerfile."
        ledger.settle(construct, rules.ENV005, Disposition.MANUAL, message, scope=Scope.DEPLOY)
    else:
        ledger.settle(construct, rules.DK025, Disposition.CONVERTED, "its variables are read like those of `environment`")


def _depends(service: Service, beside: list[str], construct: Construct, ledger: Ledger) -> None:
    names = ", ".join(name for name in service.depends_on if name not in beside)
    if not names:
        ledger.settle(construct, rules.DK032, Disposition.CONVERTED, "what it waits for runs in the same container")
        return
    message = (
        f"the server waits for {names}, which one container does not have: run it elsewhere and give its address in a variable or a "
        "secret, or start it in the same container."
    )
    ledger.settle(construct, rules.DK032, Disposition.MANUAL, message)


def others(project: Project, reading: Reading, ledger: Ledger) -> None:
    """Dockerfiles, compose files, services and manifests that are not the server's."""
    candidate = reading.candidate
    chosen = [candidate.packaging.file.path if candidate.packaging else "", candidate.service.file.path if candidate.service else ""]
    for file in choose.dockerfiles(project):
        if file.path not in chosen:
            construct = ledger.record("file", file.path, Origin(file=file.path, line=1))
            ledger.settle(
                construct,
                rules.DK026,
                Disposition.DROPPED,
                f"another image than the chosen {next(filter(None, chosen), 'one')}; to convert it, leave out the others",
            )
    for file in choose.compose_files(project):
        if file.path not in chosen:
            construct = ledger.record("file", file.path, Origin(file=file.path, line=1))
            ledger.settle(construct, rules.DK026, Disposition.DROPPED, "starts the image in another way than the one that was chosen")
    for service in candidate.service.others if candidate.service else ():
        line = min((line for line, _ in service.keys.lines.values()), default=1)
        construct = ledger.record("service", service.name, Origin(file=service.file.path, line=line))
        if service.name in reading.beside:
            ledger.settle(construct, rules.DK032, Disposition.CONVERTED, "runs in the same container, where its name becomes 127.0.0.1")
            continue
        needed = candidate.service is not None and service.name in candidate.service.depends_on
        called = service.name in addresses_inside.called(reading)
        why = "the server waits for it: see its depends_on" if needed else "the server calls it: see the variable" if called else ""
        ledger.settle(construct, rules.DK032, Disposition.DROPPED, why or "the server does without it")
    for file in kubernetes.manifests(project):
        construct = ledger.record("file", file.path, Origin(file=file.path, line=1))
        if reading.workload is not None and file.path in reading.workload.files:
            ledger.settle(construct, rules.DK039, Disposition.CONVERTED, "its command, ports, probes and replicas are evidence")
        else:
            ledger.settle(construct, rules.DK039, Disposition.DROPPED, "fal runs and scales the app itself")
