"""Kubernetes manifests and Helm templates: the container of the server with its arguments, ports, probes and GPUs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.errors import Unreadable
from converters.ir import Finding, Origin
from converters.project import Project, SourceFile
from converters.sources.docker.choose import Candidate
from converters.sources.docker.yaml_lines import Map, Seq, load_all

KINDS = re.compile(rb"(?m)^\s*kind:\s*[\"']?(Deployment|StatefulSet|DaemonSet|Pod|Job|InferenceService|HorizontalPodAutoscaler)\b")
MAX_FILES = 200


@dataclass
class Workload:
    """A container of a manifest that runs the server's image."""

    file: SourceFile
    origin: Origin
    image: str = ""
    command: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    ports: list[Finding] = field(default_factory=list)
    probes: list[tuple[str, Finding]] = field(default_factory=list)
    gpus: int = 0
    replicas: int = 0
    pull_secrets: list[str] = field(default_factory=list)


def manifests(project: Project) -> list[SourceFile]:
    """Files that hold a workload."""
    found = [
        file
        for path, file in sorted(project.files.items())
        if path.endswith((".yaml", ".yml")) and file.size < 2**18 and KINDS.search(file.data)
    ]
    return found[:MAX_FILES]


def workload(project: Project, candidate: Candidate) -> Workload | None:
    """The workload that runs the candidate's image; of several, the first whose image bears its name or whose command it is."""
    found = [one for file in manifests(project) for one in _workloads(file)]
    ranked = sorted(found, key=lambda one: -_likeness(project, candidate, one))
    return ranked[0] if ranked and _likeness(project, candidate, ranked[0]) > 0 else None


def _likeness(project: Project, candidate: Candidate, one: Workload) -> int:
    from converters.sources.docker import programs

    words = (*one.command, *one.args)
    image = re.sub(r"[^a-z0-9]", "", PurePosixPath(one.image.split("@")[0].split(":")[0]).name.lower())
    names = {
        re.sub(r"[^a-z0-9]", "", name.lower())
        for name in (project.name.rsplit("__", 1)[-1], candidate.image.split(":")[0].rsplit("/", 1)[-1])
    } - {""}
    score = 4 if image and any(image == name for name in names) else 0
    known = programs.recognise(words)
    base = programs.base_of(candidate.base)
    if known is not None and (base is None or base.program is known.program) and (not candidate.start.words or base is not None):
        score += 3
    return score


def _workloads(file: SourceFile) -> Iterator[Workload]:
    plain = re.sub(rb"(?m)^[ \t]*\{\{[-#]?[^\n]*\}\}[ \t]*$", b"", file.data)
    plain = re.sub(rb"\{\{[^}\n]*\}\}", b"TEMPLATE", plain)
    try:
        documents = load_all(SourceFile(file.path, file.location, len(plain), False)) if plain == file.data else _texts(file, plain)
    except Unreadable:
        return
    for document in documents:
        for holder in _holders(document):
            yield from _containers(file, document, holder)


def _texts(file: SourceFile, data: bytes) -> list[Any]:
    made = SourceFile(file.path, file.location, len(data), False)
    made.__dict__["data"] = data
    return load_all(made)


def _holders(node: Any) -> Iterator[Map]:
    """Mappings that have `containers`, wherever they stand."""
    if isinstance(node, Map):
        if isinstance(node.get("containers"), Seq):
            yield node
        for value in node.values():
            yield from _holders(value)
    elif isinstance(node, Seq):
        for value in node:
            yield from _holders(value)


def _containers(file: SourceFile, document: Any, holder: Map) -> Iterator[Workload]:
    for container in holder["containers"]:
        if not isinstance(container, Map):
            continue
        first = min((line for line, _ in container.lines.values()), default=1)
        one = Workload(file, Origin(file=file.path, line=first), str(container.get("image", "")))
        one.command, one.args = _strings(container.get("command")), _strings(container.get("args"))
        secrets = holder.get("imagePullSecrets")
        one.pull_secrets = [str(item.get("name", "")) for item in secrets if isinstance(item, Map)] if isinstance(secrets, Seq) else []
        spec = document.get("spec") if isinstance(document, Map) else None
        replicas = spec.get("replicas") if isinstance(spec, Map) else None
        one.replicas = replicas if isinstance(replicas, int) else 0
        _ports(file, container, one)
        limits = container.get("resources")
        for part in ("limits", "requests"):
            values = limits.get(part) if isinstance(limits, Map) else None
            count = values.get("nvidia.com/gpu") if isinstance(values, Map) else None
            one.gpus = max(one.gpus, int(str(count))) if str(count).isdecimal() else one.gpus
        yield one


def _strings(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, Seq) else [str(value)] if isinstance(value, str) else []


def _ports(file: SourceFile, container: Map, one: Workload) -> None:
    ports = container.get("ports")
    names: dict[str, int] = {}
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
