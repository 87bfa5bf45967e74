"""Which image of a project is the server: every Dockerfile with its targets and compose services, scored by what they start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers import base_images, compose, images
from converters.containers.compose import Service
from converters.containers.dockerfile_model import Stage
from converters.containers.layout import Layout
from converters.containers.packaging import Packaging, is_dockerfile
from converters.errors import UsageError
from converters.project import Project, SourceFile
from converters.sources.docker import programs
from converters.sources.docker.container_start import Start, start
from converters.sources.docker.defaults import Known
from converters.sources.docker.image_config import ImageConfig
from converters.sources.docker.listener import Listener, Shared, is_port
from converters.sources.docker.listening import Listening
from converters.sources.docker.processes import Process, Tracer

MAX_DOCKERFILES = 80
ASKED_FOR = 1000
ASIDE = re.compile(
    r"(^|[/._-])(tests?|e2e|examples?|samples?|archived?|old|legacy|deprecated|docs?|bench(mark)?s?|clients?|demos?|ci|devcontainer|load_?tests?|frontend|web|ui|playwright"
    r"|tools?|scripts?|build(er)?-env|dev|debug|lint|notebooks?|jupyter|train(ing)?|windows|local|staging|tutorials?|experiments?|integrations?|plugins?|third_?party|kserve|kubernetes)([/._-]|$)",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"(^|[/._-])(rocm\d*|amd|xpu|intel|hpu|gaudi|habana|neuron|tpu|arm64|aarch64|arm|jetson|l4t|ppc64le|s390x|vulkan|musa|cann|ascend|npu|openblas|cn)([/._-]|$)",
    re.IGNORECASE,
)
CPU = re.compile(r"(^|[/._-])cpu([/._-]|$)", re.IGNORECASE)
CUDA = re.compile(r"(^|[/._-])(cuda\w*|gpu|nvidia|cu\d{2,3})([/._-]|$)", re.IGNORECASE)
INFRASTRUCTURE = re.compile(
    r"(^|/)(postgres|postgis|pgvector|mysql|mariadb|mongo|redis|valkey|memcached|rabbitmq|kafka|zookeeper|nats|minio|elasticsearch|opensearch|qdrant|weaviate|milvus|chroma|etcd|traefik|nginx"
    r"|caddy|haproxy|envoy|grafana|prometheus|loki|tempo|jaeger|opentelemetry-collector\S*|otel\S*|zipkin|adminer|pgadmin4?|mailpit|mailhog|localstack|azurite|portainer|watchtower|cadvisor|node-exporter"
    r"|busybox|alpine|dcgm-exporter|redis-\w+|keycloak|vault|consul|mc|flower|promtail)(:|@|$|/)",
    re.IGNORECASE,
)
WORKER_WORDS = re.compile(
    r"(^|[-_])(worker|celery|beat|db|database|cache|proxy|frontend|ui|web-?ui|prestart|migrat\w*|init|client|test|redis|queue)([-_]|$)",
    re.IGNORECASE,
)


@dataclass
class Candidate:
    """An image that may be the server."""

    packaging: Packaging | None
    service: Service | None
    image: str
    target: str | None
    start: Start
    config: ImageConfig | None = None
    """Of a ready image, where a person gave it."""
    processes: list[Process] = field(default_factory=list)
    listener: Listener | None = None
    listening: Listening | None = None
    supervised: bool = False
    """The listener is one of several programs that a supervisor keeps running."""
    score: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def stage(self) -> Stage | None:
        return self.packaging.stage if self.packaging else self.config.stage if self.config else None

    @property
    def file(self) -> str:
        """Where the stage is written down; '' where there is none."""
        return self.packaging.file.path if self.packaging else self.config.file if self.config else ""

    @property
    def base(self) -> str:
        return self.packaging.stage.base_image if self.packaging else self.image

    def add(self, points: int, why: str) -> None:
        self.score += points
        self.reasons.append(f"{points:+d} {why}")

    def env(self) -> dict[str, str]:
        """Variables of the container, as far as they are stated."""
        found = {name: value.value for name, value in self.stage.env.items()} if self.stage else {}
        if self.service is not None:
            found.update({name: value for name, (value, _) in self.service.environment.items() if value is not None})
        return found


def dockerfiles(project: Project) -> list[SourceFile]:
    return [
        file
        for path, file in sorted(project.files.items())
        if is_dockerfile(path) and not project.is_installed(path) and _reads_like_one(file)
    ]


def _reads_like_one(file: SourceFile) -> bool:
    return file.size < 2**20 and re.search(rb"(?im)^\s*FROM\s+\S", file.data) is not None


def compose_files(project: Project) -> list[SourceFile]:
    return [file for path, file in sorted(project.files.items()) if compose.is_compose(path) and not project.is_installed(path)]


def candidates(project: Project, config: ImageConfig | None = None) -> list[Candidate]:
    """Every image that may be the server, best first; equal ones in the order of their paths.

    A ready image whose configuration is given comes before all others. Raises `UsageError` where nothing says its name.
    """
    services = [
        service
        for file in compose_files(project)
        if not compose.is_override(file.path)
        for service in compose.readable_services(project, file)
    ]
    found: list[Candidate] = []
    shared = Shared(project)
    for file in sorted(dockerfiles(project), key=_aside)[:MAX_DOCKERFILES]:
        for service in [None, *_services_of(project, file, services)]:
            found += _of_dockerfile(project, file, service)
    for service in services:
        if not service.dockerfile and service.image and not INFRASTRUCTURE.search(service.image):
            found.append(_of_image(project, service))
    if config is not None:
        found = [*found, *_ready(project, found, config)]
    for candidate in found:
        _judge(shared, candidate)
    order = sorted(range(len(found)), key=lambda index: (-found[index].score, _path(found[index]), index))
    return [found[index] for index in order]


def _path(candidate: Candidate) -> str:
    return candidate.packaging.file.path if candidate.packaging else candidate.service.file.path if candidate.service else ""


def _aside(file: SourceFile) -> tuple[int, int, str]:
    return (len(ASIDE.findall(file.path)), file.path.count("/"), file.path)


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
    names = {plain(project.name.split("__")[-1]), plain(PurePosixPath(file.folder).name)} - {""}
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


def _judge(shared: Shared, candidate: Candidate) -> None:
    _trace(shared, candidate)
    listener, packaging, service = candidate.listener, candidate.packaging, candidate.service
    if listener is not None and listener.framework and listener.http:
        candidate.add(60 if listener.port else 45, f"starts {listener.framework}")
    elif programs.base_of(candidate.base) is not None:
        candidate.add(40 if candidate.start.form == "base" else 25, f"the image {candidate.base} is a server")
    elif listener is not None:
        candidate.add(20, "runs a program of the project")
    if candidate.config is not None:
        candidate.add(ASKED_FOR, "its configuration is given")
    exposed = [port for port in candidate.stage.expose if port.protocol == "tcp"] if candidate.stage else []
    if exposed:
        candidate.add(12, "EXPOSE")
    if service is not None:
        candidate.add(8 if service.dockerfile else 3, f"service {service.name}")
        if service.ports:
            candidate.add(8, "publishes a port")
        named = [
            other.name
            for other in service.others
            if re.search(rf"//{re.escape(service.name)}\b", " ".join([*(other.command or []), *(other.entrypoint or [])]))
        ]
        if named:
            candidate.add(-9, f"{named[0]} calls it")
        variant = bool(CUDA.search(f"{service.file.path} {service.image}".replace(" ", "/")))
        if (
            packaging
            and not service.dockerfile
            and variant != bool(CUDA.search(packaging.file.path))
            and _has_variant(shared.project, variant)
        ):
            candidate.add(-14, "made for another variant of the image")
        if WORKER_WORDS.search(service.name):
            candidate.add(-15, "its name is not that of a server")
        if service.keys.get("profiles"):
            candidate.add(-3, "only in a profile")
    if candidate.start.form == "none":
        candidate.add(-10, "starts nothing")
    _places(candidate)


def _has_variant(project: Project, cuda: bool) -> bool:
    return any(bool(CUDA.search(file.path)) == cuda for file in dockerfiles(project))


def _places(candidate: Candidate) -> None:
    """What names and places say."""
    packaging, service = candidate.packaging, candidate.service
    path = packaging.file.path if packaging else service.file.path if service else ""
    names = [path, candidate.target or ""] + ([service.file.path] if service and packaging else [])
    base = base_images.describe(candidate.base)
    gpu = base.gpu and "rocm" not in candidate.base
    if gpu or (service is not None and service.gpus):
        candidate.add(6, "NVIDIA")
    for name in names:
        if ASIDE.search(name):
            candidate.add(-25, f"{name} is aside")
        if FOREIGN.search(name):
            candidate.add(-12, f"{name} is for other hardware")
        if CPU.search(name):
            candidate.add(-4, f"{name} is for the processor")
        if CUDA.search(name):
            candidate.add(3, f"{name} is for a GPU")
    candidate.add(-2 * path.count("/"), "depth")
    if packaging and PurePosixPath(path).name == "Dockerfile":
        candidate.add(2, "plain name")
    if candidate.target:
        good = re.search(r"prod|release|runtime|final|server|serve", candidate.target)
        bad = re.search(r"dev|test|build|debug|ci\b", candidate.target)
        candidate.add(3 if good else -6 if bad else -1, f"target {candidate.target}")
    elif packaging and re.search(r"dev|test|debug|lint", packaging.stage.name or ""):
        candidate.add(-4, f"stage {packaging.stage.name}")


def _trace(shared: Shared, candidate: Candidate) -> None:
    """Follow the start command to the process that listens: of several, the one whose port is known, the last one first."""
    packaging, project = candidate.packaging, shared.project
    if packaging is None:
        workdir = candidate.stage.workdir if candidate.stage else "/"
        process = Process(candidate.start.words, candidate.env(), workdir, candidate.start.origin)
        candidate.listening = Listening(project, Layout(), "", shared)
        candidate.processes = [one for one in Tracer(project, Layout()).trace(process) if programs.recognise(one.words)]
        candidate.listener = best([found for one in candidate.processes if (found := candidate.listening.listener(one)) is not None])
        return
    candidate.listening = Listening(project, packaging.layout, packaging.context, shared)
    if not candidate.start.words:
        return
    stage = packaging.stage
    process = Process(candidate.start.words, candidate.env(), stage.workdir, candidate.start.origin)
    tracer = Tracer(project, packaging.layout, images.written_scripts(stage), packaging.file.folder)
    candidate.processes = tracer.trace(process)
    listeners = [found for one in candidate.processes if (found := candidate.listening.listener(one)) is not None]
    candidate.listener = best(listeners)


def best(listeners: list[Listener]) -> Listener | None:
    """The listener that serves: known frameworks before silent programs, foreground before background, the last before the first."""
    ranked = [
        (bool(one.framework), one.port is not None and is_port(one.port.value), not one.process.background, index)
        for index, one in enumerate(listeners)
    ]
    return listeners[max(range(len(listeners)), key=lambda index: ranked[index])] if listeners else None


def port_number(known: Known | None) -> int | None:
    """The number of a port that is known as a number."""
    return int(str(known.value)) if known is not None and is_port(known.value) else None
