"""Kubernetes manifests and Helm templates: the container of the server with its arguments, ports, probes and GPUs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.containers.yaml_lines import Map, Seq, load_all
from converters.errors import Unreadable
from converters.ir import Finding, Origin
from converters.project import Project, SourceFile
from converters.sources.docker.candidate import Candidate

KINDS = re.compile(
    rb"(?m)^\s*kind:\s*[\"']?(Deployment|StatefulSet|DaemonSet|Pod|Job|InferenceService)\b"
    rb"|^kind:\s*[\"']?(HorizontalPodAutoscaler|Service)[\"']?\s*$"
)
MAX_FILES = 200


@dataclass(frozen=True)
class Replicas:
    """How many containers run: `low` is None for a fixed number."""

    low: int | None
    high: int
    why: str
    origin: Origin


@dataclass
class Workload:
    """A container of a manifest that runs the server's image."""

    file: SourceFile
    origin: Origin
    image: str = ""
    command: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    ports: list[Finding] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    """Names of the container's ports."""
    probes: list[tuple[str, Finding]] = field(default_factory=list)
    gpus: int = 0
    name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    """Of its pods."""
    replicas: Replicas | None = None
    pull_secrets: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    """Paths of the manifests that speak of it."""


def manifests(project: Project) -> list[SourceFile]:
    """Files that hold a workload."""
    found = [
        file
        for path, file in sorted(project.files.items())
        if path.endswith((".yaml", ".yml")) and file.size < 2**18 and b"apiVersion" in file.data and KINDS.search(file.data)
    ]
    return found[:MAX_FILES]


def workload(project: Project, candidate: Candidate) -> Workload | None:
    """The workload that runs the candidate's image; of several, the first whose image bears its name or whose command it is."""
    documents = [(file, document) for file in manifests(project) for document in _documents(file)]
    found = [one for file, document in documents for one in _workloads(file, document)]
    ranked = sorted(found, key=lambda one: -_likeness(project, candidate, one))
    if not ranked or _likeness(project, candidate, ranked[0]) <= 0:
        return None
    chosen = ranked[0]
    for file, document in documents:
        kind = document.get("kind") if isinstance(document, Map) else None
        if kind == "Service":
            _service(file, document, chosen)
        elif kind == "HorizontalPodAutoscaler":
            _autoscaler(file, document, chosen)
    return chosen


def _likeness(project: Project, candidate: Candidate, one: Workload) -> int:
    from converters.sources.docker import official_images, programs

    words = (*one.command, *one.args)
    image = re.sub(r"[^a-z0-9]", "", PurePosixPath(one.image.split("@")[0].split(":")[0]).name.lower())
    ready = candidate.packaging is None and bool(candidate.image)
    known_as = [candidate.image.split(":")[0].rsplit("/", 1)[-1], *([] if ready else [project.name])]
    named = bool(image) and any(image == re.sub(r"[^a-z0-9]", "", name.lower()) for name in known_as)
    if ready and not named:
        return 0  # a ready image of another name runs something else
    score = 4 if named else 0
    known = programs.recognise(words)
    base = official_images.official(candidate.base)
    if known is not None and (base is None or base.program is known.program) and (not candidate.start.words or base is not None):
        score += 3
    return score


def _documents(file: SourceFile) -> list[Any]:
    """The documents of a manifest or of a Helm template, whose directives are taken out."""
    plain = re.sub(rb"(?m)^[ \t]*\{\{[-#]?[^\n]*\}\}[ \t]*$", b"", file.data)
    plain = re.sub(rb"\{\{[^}\n]*\}\}", b"TEMPLATE", plain)
    try:
        return load_all(SourceFile(file.path, file.location, len(plain), False)) if plain == file.data else _texts(file, plain)
    except Unreadable:
        return []


def _workloads(file: SourceFile, document: Any) -> Iterator[Workload]:
    for labels, holder in _holders(document, {}):
        for one in _containers(file, document, holder):
            one.labels = labels
            yield one


def _texts(file: SourceFile, data: bytes) -> list[Any]:
    made = SourceFile(file.path, file.location, len(data), False)
    made.__dict__["data"] = data
    return load_all(made)


def _holders(node: Any, labels: dict[str, str]) -> Iterator[tuple[dict[str, str], Map]]:
    """(labels, mapping) of everything that has `containers`, wherever it stands; the labels are those of the pod around it."""
    if isinstance(node, Map):
        if isinstance(node.get("containers"), Seq):
            yield labels, node
        metadata = node.get("metadata")
        stated = metadata.get("labels") if isinstance(metadata, Map) else None
        inner = {str(key): str(value) for key, value in stated.items()} if isinstance(stated, Map) else {}
        for value in node.values():
            yield from _holders(value, inner or labels)
    elif isinstance(node, Seq):
        for value in node:
            yield from _holders(value, labels)


def _containers(file: SourceFile, document: Any, holder: Map) -> Iterator[Workload]:
    for container in holder["containers"]:
        if not isinstance(container, Map):
            continue
        first = min((line for line, _ in container.lines.values()), default=1)
        one = Workload(file, Origin(file=file.path, line=first), str(container.get("image", "")), name=_name(document), files={file.path})
        one.command, one.args = _strings(container.get("command")), _strings(container.get("args"))
        secrets = holder.get("imagePullSecrets")
        one.pull_secrets = [str(item.get("name", "")) for item in secrets if isinstance(item, Map)] if isinstance(secrets, Seq) else []
        one.replicas = _replicas(file, document)
        _ports(file, container, one)
        limits = container.get("resources")
        for part in ("limits", "requests"):
            values = limits.get(part) if isinstance(limits, Map) else None
            count = values.get("nvidia.com/gpu") if isinstance(values, Map) else None
            one.gpus = max(one.gpus, int(str(count))) if str(count).isdecimal() else one.gpus
        yield one


def _name(document: Any) -> str:
    metadata = document.get("metadata") if isinstance(document, Map) else None
    return str(metadata.get("name", "")) if isinstance(metadata, Map) else ""


def _spec(document: Map) -> Map:
    spec = document.get("spec")
    return spec if isinstance(spec, Map) else Map()


def _replicas(file: SourceFile, document: Any) -> Replicas | None:
    spec = _spec(document) if isinstance(document, Map) else Map()
    number = spec.get("replicas")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None
    return Replicas(None, number, "replicas", Origin(file=file.path, line=spec.lines["replicas"][0]))


def _autoscaler(file: SourceFile, document: Map, one: Workload) -> None:
    """The bounds of a HorizontalPodAutoscaler, which overrides the number in the workload itself."""
    spec = _spec(document)
    target = spec.get("scaleTargetRef")
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas")
    if isinstance(target, Map) and str(target.get("name", "")) == one.name and isinstance(low, int) and isinstance(high, int) and high > 0:
        one.replicas = Replicas(low, high, "HorizontalPodAutoscaler", Origin(file=file.path, line=spec.lines["maxReplicas"][0]))
        one.files.add(file.path)


def _service(file: SourceFile, document: Map, one: Workload) -> None:
    """The ports of a Service that selects the workload's pods."""
    spec = _spec(document)
    selector, ports = spec.get("selector"), spec.get("ports")
    wanted = {str(key): str(value) for key, value in selector.items()} if isinstance(selector, Map) else {}
    if not wanted or not wanted.items() <= one.labels.items() or not isinstance(ports, Seq):
        return
    one.files.add(file.path)
    for item in ports:
        stated = item.get("targetPort", item.get("port")) if isinstance(item, Map) else None
        number = one.names.get(str(stated), stated)
        if isinstance(number, int):
            line = item.lines["targetPort" if "targetPort" in item else "port"][0]
            why = f"targetPort of service {_name(document)}"
            one.ports.append(Finding(subject="port", value=str(number), why=why, origin=Origin(file=file.path, line=line)))


def _strings(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, Seq) else [str(value)] if isinstance(value, str) else []


def _ports(file: SourceFile, container: Map, one: Workload) -> None:
    ports = container.get("ports")
    names = one.names
    for item in ports if isinstance(ports, Seq) else ():
        number = item.get("containerPort") if isinstance(item, Map) else None
        if isinstance(number, int):
            names[str(item.get("name", number))] = number
            origin = Origin(file=file.path, line=item.lines["containerPort"][0])
            one.ports.append(
                Finding(
                    subject="port",
                    value=str(number),
                    why=f"containerPort{' ' + str(item['name']) if item.get('name') else ''}",
                    origin=origin,
                )
            )
    for probe in ("readinessProbe", "startupProbe", "livenessProbe"):
        check = container.get(probe)
        request = check.get("httpGet") if isinstance(check, Map) else None
        path = request.get("path") if isinstance(request, Map) else None
        if isinstance(request, Map) and isinstance(path, str) and path.startswith("/"):
            origin = Origin(file=file.path, line=request.lines["path"][0])
            one.probes.append((path, Finding(subject="health", value=path, why=probe, origin=origin)))
            port = names.get(str(request.get("port")), request.get("port"))
            if isinstance(port, int):
                one.ports.sort(key=lambda known: known.value != str(port))
