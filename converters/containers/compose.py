"""Compose files: services with what decides how they are built, started and reached.

Follows the Compose specification (https://docs.docker.com/reference/compose-file/): merges, `extends`, interpolation with the
`.env` beside the file, every notation of ports, volumes and environments.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.containers.interpolate import env_file, interpolate
from converters.containers.yaml_lines import RESET, Map, Seq, load
from converters.errors import Unreadable
from converters.ir import Origin
from converters.project import Project, SourceFile, normalize

_NAME = re.compile(r"(docker-)?compose([.\-_][\w.\-]+)?\.ya?ml", re.IGNORECASE)


@dataclass(frozen=True)
class Published:
    """A port of the container, and the one of the host where it is published."""

    container: int
    host: int | None
    protocol: str
    line: int


@dataclass(frozen=True)
class Mounted:
    """A volume: `source` is a folder of the project, a path of the host, the name of a volume, or ''."""

    source: str
    target: str
    kind: str
    line: int


@dataclass
class Service:
    """A service after extends, merges and interpolation. `lines` tells where each of its keys stands."""

    name: str
    file: SourceFile
    keys: Map
    build: Map | None = None
    context: str | None = None
    dockerfile: str = ""
    target: str | None = None
    build_args: dict[str, str] = field(default_factory=dict)
    image: str = ""
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    environment: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    missing_env_files: list[tuple[str, int]] = field(default_factory=list)
    ports: list[Published] = field(default_factory=list)
    volumes: list[Mounted] = field(default_factory=list)
    depends_on: list[str] = field(default_factory=list)
    gpus: int = 0
    gpu_line: int = 0
    unset: set[str] = field(default_factory=set)
    others: list[Service] = field(default_factory=list, repr=False)

    def line(self, key: str) -> int:
        return self.keys.lines.get(key, (1, 1))[0]

    def origin(self, key: str) -> Origin:
        line, end = self.keys.lines.get(key, (1, 1))
        return Origin(file=self.file.path, line=line, end_line=end)


def is_compose(path: str) -> bool:
    """By name: compose.yaml, docker-compose.gpu.yml, compose-nvidia.yaml."""
    return bool(_NAME.fullmatch(PurePosixPath(path).name)) and "/.github/" not in f"/{path}"


def is_override(path: str) -> bool:
    """A file that compose lays over another one for development."""
    return ".override." in PurePosixPath(path).name


def services(project: Project, file: SourceFile) -> list[Service]:
    """The services of a compose file. Raises `Unreadable` where it is no YAML."""
    document = load(file)
    entries = document.get("services") if isinstance(document, Map) else None
    if not isinstance(entries, Map):
        return []
    env = _dot_env(project, file.folder)
    found = [
        _service(project, file, name, _extended(project, file, entries, name, 0), env) for name in entries if isinstance(entries[name], Map)
    ]
    for one in found:
        one.others = [other for other in found if other is not one]
    return found


def _dot_env(project: Project, folder: str) -> dict[str, str]:
    file = project.variables_file(f"{folder}/.env")
    return env_file(file.readable) if file else {}


def _extended(project: Project, file: SourceFile, entries: Map, name: str, depth: int) -> Map:
    """The keys of a service laid over those of what it `extends`."""
    own = entries.get(name)
    if not isinstance(own, Map):
        own = Map()
        own.lines = {}
    extends = own.get("extends")
    if extends is None or depth > 8:
        return own
    base_name = str(extends.get("service", "")) if isinstance(extends, Map) else str(extends)
    base_entries = entries
    base_file = file
    if isinstance(extends, Map) and extends.get("file"):
        other = project.get(f"{file.folder}/{extends['file']}")
        document = load(other) if other else None
        found = document.get("services") if isinstance(document, Map) else None
        if other is None or not isinstance(found, Map):
            return own
        base_entries, base_file = found, other
    base = _extended(project, base_file, base_entries, base_name, depth + 1)
    return _merge(base, own)


def _merge(base: Map, over: Map) -> Map:
    result = Map(base)
    result.lines = {key: over.lines.get("extends", line) for key, line in base.lines.items()}
    for key, value in over.items():
        before = result.get(key)
        if value is RESET:
            result.pop(key, None)
            continue
        if isinstance(before, Map) and isinstance(value, Map):
            value = _merge(before, value)
        elif isinstance(before, Seq) and isinstance(value, Seq) and key in ("ports", "volumes", "environment", "expose", "env_file"):
            joined = Seq([*before, *value])
            joined.lines = [*[over.lines.get("extends", (1, 1))[0]] * len(before), *value.lines]
            value = joined
        result[key] = value
        result.lines[key] = over.lines.get(key, result.lines.get(key, (1, 1)))
    return result


def _service(project: Project, file: SourceFile, name: str, keys: Map, env: Mapping[str, str]) -> Service:
    service = Service(name, file, keys)

    def text(value: Any) -> str:
        return interpolate(str(value), env, service.unset)

    keys = Map({key: value for key, value in keys.items() if value is not RESET and value is not None})
    keys.lines = service.keys.lines
    service.keys = keys
    _build(project, service, text)
    service.image = text(keys.get("image", "")).strip("\"'")
    service.command = _words(keys.get("command"), text)
    service.entrypoint = _words(keys.get("entrypoint"), text)
    _environment(project, service, env, text)
    for item, line in _items(keys.get("ports"), service.line("ports")):
        service.ports += list(_port(item, line, text))
    for item, line in _items(keys.get("volumes"), service.line("volumes")):
        if mounted := _volume(item, line, text):
            service.volumes.append(mounted)
    depends = keys.get("depends_on")
    service.depends_on = [str(one) for one in depends] if isinstance(depends, Map | Seq) else []
    _gpu(service, text)
    return service


def _build(project: Project, service: Service, text: Any) -> None:
    build = service.keys.get("build")
    if build is None:
        return
    folder = service.file.folder
    if not isinstance(build, Map):
        service.context = normalize(f"{folder}/{text(build)}")
        service.dockerfile = _dockerfile(project, service.context, "")
        return
    service.build = build
    context = text(build.get("context", "."))
    service.context = normalize(f"{folder}/{context}") if "://" not in context else None
    service.dockerfile = _dockerfile(project, service.context, text(build.get("dockerfile", "") or ""))
    target = build.get("target")
    service.target = text(target) if isinstance(target, str) else None
    arguments = build.get("args")
    pairs: Iterable[tuple[str, Any]] = ()
    if isinstance(arguments, Map):
        pairs = arguments.items()
    elif isinstance(arguments, Seq):
        pairs = [(str(one).partition("=")[0], str(one).partition("=")[2] if "=" in str(one) else None) for one in arguments]
    service.build_args = {key: text(value) for key, value in pairs if value is not None}


def _dockerfile(project: Project, context: str | None, named: str) -> str:
    if context is None:
        return ""
    for candidate in [named] if named else ["Dockerfile", "Containerfile", "dockerfile"]:
        path = normalize(f"{context}/{candidate}")
        if path in project.files:
            return path or ""
    return ""


def _words(value: Any, text: Any) -> list[str] | None:
    """A command: a list as it is, a string split as compose does (without a shell)."""
    if isinstance(value, Seq):
        return [text(one) for one in value]
    if not isinstance(value, str):
        return None
    try:
        return shlex.split(text(value))
    except ValueError:
        return text(value).split()  # type: ignore[no-any-return]


def _items(value: Any, line: int) -> list[tuple[Any, int]]:
    if isinstance(value, Seq):
        return list(zip(value, value.lines, strict=True))
    return [] if value is None else [(value, line)]


def _environment(project: Project, service: Service, env: Mapping[str, str], text: Any) -> None:
    for item, line in _items(service.keys.get("env_file"), service.line("env_file")):
        path = text(item.get("path", "")) if isinstance(item, Map) else text(item)
        file = project.variables_file(f"{service.file.folder}/{path}")
        if file is not None:
            values = env_file(file.readable)
            service.environment.update({key: (value, line) for key, value in values.items()})
        elif not (isinstance(item, Map) and item.get("required") is False):
            service.missing_env_files.append((path, line))
    value = service.keys.get("environment")
    if isinstance(value, Map):
        for key, one in value.items():
            plain = {True: "true", False: "false"}.get(one, one) if isinstance(one, bool) else one
            service.environment[key] = (text(plain) if plain is not None else env.get(key), value.lines[key][0])
        return
    for item, line in _items(value, service.line("environment")):
        key, equals, rest = str(item).partition("=")
        service.environment[key.strip()] = (text(rest) if equals else env.get(key.strip()), line)


def _port(item: Any, line: int, text: Any) -> Iterable[Published]:
    if isinstance(item, Map):
        target, published = str(item.get("target", "")), str(item.get("published", "") or "")
        if target.isdecimal():
            yield Published(int(target), int(published) if published.isdecimal() else None, str(item.get("protocol", "tcp")), line)
        return
    written = text(item).strip("\"'")
    body, _, protocol = written.partition("/")
    parts = re.split(r":(?![^\[]*\])", body)
    container, host = parts[-1], parts[-2] if len(parts) > 1 else ""
    first, _, last = container.partition("-")
    if first.isdecimal() and (not last or last.isdecimal()):
        count = min(int(last or first) - int(first), 100) + 1
        start = int(host.partition("-")[0]) if host.partition("-")[0].isdecimal() else None
        for step in range(max(count, 1)):
            yield Published(int(first) + step, start + step if start is not None else None, protocol or "tcp", line)


def _volume(item: Any, line: int, text: Any) -> Mounted | None:
    if isinstance(item, Map):
        target = str(item.get("target", ""))
        return Mounted(text(item.get("source", "") or ""), text(target), str(item.get("type", "volume")), line) if target else None
    parts = re.sub(r"^([A-Za-z]):[\\/]", r"\1/", text(item)).split(":")
    if len(parts) == 1:
        return Mounted("", parts[0], "volume", line)
    source = parts[0]
    return Mounted(source, parts[1], "bind" if source[:1] in ("/", ".", "~", "$", "") else "volume", line)


def _gpu(service: Service, text: Any) -> None:
    """Reserved devices, `runtime: nvidia`, `gpus:`; a count of -1 or `all` is one GPU as far as fal goes."""
    keys = service.keys
    if text(keys.get("runtime", "")) == "nvidia":
        service.gpus, service.gpu_line = 1, service.line("runtime")
    if keys.get("gpus") is not None:
        service.gpus, service.gpu_line = _count(keys["gpus"]), service.line("gpus")
    deploy = keys.get("deploy")
    devices: Any = deploy
    for key in ("resources", "reservations", "devices"):
        devices = devices.get(key) if isinstance(devices, Map) else None
    for device in devices if isinstance(devices, Seq) else ():
        if not isinstance(device, Map):
            continue
        capabilities = device.get("capabilities")
        wanted = device.get("driver") in ("nvidia", "cdi") or (isinstance(capabilities, Seq) and "gpu" in str(capabilities))
        if wanted:
            ids = device.get("device_ids")
            count = len(ids) if isinstance(ids, Seq) else _count(device.get("count", 1))
            service.gpus = max(service.gpus, count)
            service.gpu_line = device.lines[next(iter(device.lines))][0] if device.lines else service.line("deploy")


def _count(value: Any) -> int:
    return (
        max(1, value)
        if isinstance(value, int) and not isinstance(value, bool)
        else int(value)
        if str(value).isdecimal() and int(value)
        else 1
    )


def readable_services(project: Project, file: SourceFile) -> list[Service]:
    """The services of a compose file; none where it cannot be read."""
    try:
        return services(project, file)
    except Unreadable:
        return []
