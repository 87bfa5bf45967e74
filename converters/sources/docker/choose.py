"""Which image of a project is the server: every Dockerfile with its targets and compose services, scored by what they start."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from converters.containers import compose, images
from converters.containers.compose import Service
from converters.containers.layout import Layout
from converters.containers.packaging import is_dockerfile
from converters.errors import UsageError
from converters.given_server import GivenServer
from converters.project import Project, SourceFile
from converters.sources.docker import native_code, official_images, programs, ranking
from converters.sources.docker.candidate import Candidate, Rank
from converters.sources.docker.container_start import Start, start
from converters.sources.docker.defaults import Known
from converters.sources.docker.image_config import ImageConfig
from converters.sources.docker.known_programs import listener_of
from converters.sources.docker.listener import is_port
from converters.sources.docker.listening import Listening
from converters.sources.docker.processes import Process, Tracer
from converters.sources.docker.serving import Listener, Shared

MAX_DOCKERFILES = 80
INFRASTRUCTURE = re.compile(
    r"(^|/)(postgres|postgis|pgvector|mysql|mariadb|mongo|redis|valkey|memcached|rabbitmq|kafka|zookeeper|nats|minio|elasticsearch|opensearch|qdrant|weaviate|milvus|chroma|etcd|traefik|nginx"
    r"|caddy|haproxy|envoy|grafana|prometheus|loki|tempo|jaeger|opentelemetry-collector\S*|otel\S*|zipkin|adminer|pgadmin4?|mailpit|mailhog|localstack|azurite|portainer|watchtower|cadvisor|node-exporter"
    r"|busybox|alpine|dcgm-exporter|redis-\w+|keycloak|vault|consul|mc|flower|promtail)(:|@|$|/)",
    re.IGNORECASE,
)


def dockerfiles(project: Project, services: list[Service] | None = None) -> list[SourceFile]:
    """By their names, and those of any name that a service of a compose file builds. `services`: those, where they are read already."""
    built = {service.dockerfile for service in (_services(project) if services is None else services)}
    return [
        file
        for path, file in sorted(project.files.items())
        if (path in built or is_dockerfile(path)) and not project.is_installed(path) and _reads_like_one(file)
    ]


def _reads_like_one(file: SourceFile) -> bool:
    return file.size < 2**20 and re.search(rb"(?im)^\s*FROM\s+\S", file.data) is not None


def compose_files(project: Project) -> list[SourceFile]:
    return [file for path, file in sorted(project.files.items()) if compose.is_compose(path) and not project.is_installed(path)]


def _services(project: Project) -> list[Service]:
    return [
        service
        for file in compose_files(project)
        if not compose.is_override(file.path)
        for service in compose.readable_services(project, file)
    ]


def candidates(
    project: Project, config: ImageConfig | None = None, settings: Mapping[str, Any] | None = None, server: GivenServer | None = None
) -> list[Candidate]:
    """Every image that may be the server, best first; equal ones in the order of their paths.

    A ready image whose configuration is given comes before all others. `--set service=` and `--set stage=` leave those alone that
    they name. Raises `UsageError` where nothing says the name of a ready image, and for a service or stage that is not there.
    """
    services = _services(project)
    found: list[Candidate] = []
    shared = Shared(project)
    files = dockerfiles(project, services)
    for file in sorted(files, key=_aside)[:MAX_DOCKERFILES]:
        for service in [None, *_services_of(project, file, services)]:
            found += _of_dockerfile(project, file, service)
    for service in services:
        if not service.dockerfile and service.image and not INFRASTRUCTURE.search(service.image):
            found.append(_of_image(project, service))
    if config is not None:
        found = [*found, *_ready(project, found, config)]
    if not found and server is not None and server.image:
        found = [_given(server)]
    for candidate in found:
        candidate.given = server.environment if server is not None else {}
    variants = frozenset(bool(ranking.CUDA.search(file.path)) for file in files)
    for candidate in found:
        _trace(shared, candidate)
        ranking.judge(project, candidate, variants)
    found = _chosen(_built_by_default(found, settings or {}), settings or {})
    order = sorted(range(len(found)), key=lambda index: (-found[index].rank, -found[index].score, _path(found[index]), index))
    return [found[index] for index in order]


def _chosen(found: list[Candidate], settings: Mapping[str, Any]) -> list[Candidate]:
    """What `--set service=` names. Raises `UsageError` for a service that is not there."""
    wanted = settings.get("service")
    if wanted is None:
        return found
    names = sorted({one.service.name for one in found if one.service is not None})
    if wanted not in names:
        hint = f"The services are {', '.join(names)}." if names else "No compose file of the project has a service that may be a server."
        raise UsageError(f"--set service={wanted}: there is no service of this name.", hint=hint)
    return [one for one in found if one.service is not None and one.service.name == wanted]


def _built_by_default(found: list[Candidate], settings: Mapping[str, Any]) -> list[Candidate]:
    """Without the named stages of Dockerfiles whose last stage, which Docker builds where no target is given, is a server.

    Raises `UsageError` where `--set stage=` names a stage that is not there.
    """
    if (wanted := settings.get("stage")) is not None:
        named = [one for one in found if one.packaging is not None and one.packaging.stage.name == str(wanted).lower()]
        if not named:
            hint = "Name a stage of the Dockerfile that has a command (CMD or ENTRYPOINT)."
            raise UsageError(f"--set stage={wanted}: no Dockerfile has a stage of this name.", hint=hint)
        return named
    last = {(one.file, id(one.service)) for one in found if one.packaging and one.target is None and one.rank >= Rank.HELPER}
    return [one for one in found if one.target is None or _asked(one) or (one.file, id(one.service)) not in last]


def _asked(candidate: Candidate) -> bool:
    """Whether compose names the stage."""
    service = candidate.service
    return service is not None and bool(service.target) and service.dockerfile == candidate.file


def _path(candidate: Candidate) -> str:
    return candidate.packaging.file.path if candidate.packaging else candidate.service.file.path if candidate.service else ""


def _aside(file: SourceFile) -> tuple[int, int, str]:
    return (len(ranking.ASIDE.findall(file.path)) + len(ranking.HELPER.findall(file.path)), file.path.count("/"), file.path)


def _services_of(project: Project, file: SourceFile, services: list[Service]) -> list[Service]:
    """Services that build a Dockerfile, and those that run a ready image of the project's own name."""
    built = [service for service in services if service.dockerfile == file.path]
    ours = [
        service
        for service in services
        if not service.dockerfile and not INFRASTRUCTURE.search(service.image or "x") and _same_name(project, file, service)
    ]
    return [*built, *ours]


def _same_name(project: Project, file: SourceFile, service: Service) -> bool:
    def plain(text: str) -> str:
        return re.sub(r"[^a-z0-9]", "", text.lower())

    if service.build is not None or "build" in service.keys:
        return True  # a context that is not here
    image = plain(PurePosixPath(service.image.split("@")[0].rsplit(":", 1)[0]).name)
    names = {plain(project.name), plain(PurePosixPath(file.folder).name)} - {""}
    return bool(image) and any(
        image == name or (len(image) > 4 and (image.startswith(name) or name.startswith(image) or image in name)) for name in names
    )


def _of_dockerfile(project: Project, file: SourceFile, service: Service | None) -> Iterator[Candidate]:
    context = service.context if service and service.dockerfile == file.path else None
    arguments = service.build_args if service else {}
    packaging = images.read(project, file, context=context, arguments=arguments, target=service.target if service else None)
    if packaging is None:
        return
    stages = images.targets(packaging.dockerfile) if service is None or not service.target else [packaging.stage]
    for stage in stages[:12]:
        chosen = (
            packaging
            if stage is packaging.stage
            else images.read(project, file, context=packaging.context, arguments=arguments, target=stage.name)
        )
        if chosen is not None:
            target = stage.name if stage is not packaging.dockerfile.stages[-1] else None
            yield Candidate(chosen, service, "", target, start(chosen, service, ""))


def _of_image(project: Project, service: Service) -> Candidate:
    return Candidate(None, service, service.image, None, start(None, service, service.image))


def _ready(project: Project, found: list[Candidate], config: ImageConfig) -> list[Candidate]:
    """The image of the configuration: with the services that run it, else by itself."""
    bare = [one for one in found if one.packaging is None and one.service is not None]
    running = [one.service for one in bare if config.names(one.image) or (not config.references and len(bare) == 1)]
    name = config.references[0] if config.references else running[0].image if running and running[0] else ""
    if not name:
        hint = "Name it with `--set image=NAME`: the configuration alone does not say what to pull."
        raise UsageError("is the configuration of an image without a name.", file=config.file, hint=hint)
    return [
        Candidate(None, service, service.image if service else name, None, start(None, service, name, config), config)
        for service in running or [None]
    ]


def _given(server: GivenServer) -> Candidate:
    """The ready image that an export names, with its command."""
    own = start(None, None, server.image)
    words = server.command or own.words
    form = "compose" if server.command else own.form
    why = f"command of {server.what}" if server.command else own.why
    return Candidate(None, None, server.image, None, Start(words, server.origin, form, why))


def _trace(shared: Shared, candidate: Candidate) -> None:
    """Follow the start command to the process that listens: of several, the one whose port is known, the last one first."""
    packaging, project = candidate.packaging, shared.project
    if packaging is None:
        workdir = candidate.stage.workdir if candidate.stage else "/"
        process = Process(candidate.start.words, candidate.env(), workdir, candidate.start.origin)
        candidate.listening = Listening(project, Layout(), "", shared)
        candidate.processes = [one for one in Tracer(project, Layout()).trace(process) if programs.recognise(one.words)]
        candidate.listener = best([found for one in candidate.processes if (found := candidate.listening.listener(one)) is not None])
        _as_the_image_sets_it(candidate)
        return
    candidate.listening = Listening(project, packaging.layout, packaging.context, shared)
    if not candidate.start.words:
        return
    stage = packaging.stage
    process = Process(candidate.start.words, candidate.env(), stage.workdir, candidate.start.origin)
    tracer = Tracer(project, packaging.layout, images.written_scripts(stage), packaging.file.folder)
    candidate.processes = tracer.trace(process)
    each = [
        candidate.listening.listener(one) or _cloned(candidate, one) or native_code.listener(project, packaging, one)
        for one in candidate.processes
    ]
    known = [listener for listener in each if listener is not None]
    candidate.listener = best(known)
    last = candidate.processes[-1] if candidate.processes else None
    if last is not None and each[-1] is None and not last.background and all(one.process.background for one in known):
        candidate.listener = _told_a_port(last) or candidate.listener
    ready = official_images.official(candidate.base)
    if candidate.listener is None and candidate.start.form == "base" and ready is not None and ready.program.application:
        match = programs.Match(ready.program, candidate.start.words[1:], ready.program.name)
        candidate.listener = listener_of(candidate.listening.files, process, match)
    _as_the_image_sets_it(candidate)


def _told_a_port(process: Process) -> Listener | None:
    """A program that cannot be read, in the foreground, which `PORT` tells where to listen."""
    value = process.env.get("PORT", "")
    return Listener(process, "", port=Known(value, process.origin, "variable PORT", env="PORT")) if is_port(value) else None


def _cloned(candidate: Candidate, process: Process) -> Listener | None:
    """A server that a build step clones, or the base image has, by the script that starts it."""
    packaging, listening = candidate.packaging, candidate.listening
    if packaging is None or listening is None or not process.words:
        return None
    steps = [run.script for stage in packaging.dockerfile.stages for run in stage.runs]
    known = next((found for script in steps if (found := official_images.cloned(script)) is not None), None)
    known = known or official_images.scripts_of(official_images.official(candidate.base))
    index = next((place for place, word in enumerate(process.words[:4]) if known and PurePosixPath(word).name in known.scripts), -1)
    if known is None or index < 0:
        return None
    more = shlex.split(process.env.get(known.arguments, "").replace("'", "")) if known.arguments else []
    match = programs.Match(known.program, (*process.words[index + 1 :], *more), known.program.name)
    return listener_of(listening.files, process, match)


def _as_the_image_sets_it(candidate: Candidate) -> None:
    """The address that a ready image's own configuration sets, where the program would otherwise take its default."""
    known, listener = official_images.official(candidate.base), candidate.listener
    if known is None or listener is None or listener.program is not known.program or listener.host is None:
        return
    if _started_by_script(known, listener.process):
        return
    if known.host and listener.host.how.startswith("default of"):
        listener.host = Known(known.host, listener.host.origin, f"the image {candidate.base} sets it")


def _started_by_script(known: official_images.OfficialImage, process: Process) -> bool:
    """Whether a command of its own starts the program's script, with nothing of what the image's start would pass to it."""
    scripts = official_images.scripts_of(known)
    return scripts is not None and any(PurePosixPath(word).name in scripts.scripts for word in process.words)


def best(listeners: list[Listener]) -> Listener | None:
    """The listener that serves: known frameworks before silent programs, foreground before background, the last before the first."""
    ranked = [
        (
            bool(one.framework),
            not one.process.possible,
            one.port is not None and is_port(one.port.value),
            not one.process.background,
            index,
        )
        for index, one in enumerate(listeners)
    ]
    return listeners[max(range(len(listeners)), key=lambda index: ranked[index])] if listeners else None


def port_number(known: Known | None) -> int | None:
    """The number of a port that is known as a number."""
    return int(str(known.value)) if known is not None and is_port(known.value) else None
