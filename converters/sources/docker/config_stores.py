"""Databases and brokers that a configuration file of the project places on the container itself, or on a host of a Docker network."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from converters.ir import Origin
from converters.project import Project, SourceFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STORES = {
    "MySQL": ("mysql|mariadb", 3306),
    "PostgreSQL": ("postgres|postgresql|pgsql|pgvector", 5432),
    "Redis": ("redis|valkey", 6379),
    "MongoDB": ("mongo|mongodb", 27017),
    "RabbitMQ": ("rabbitmq|amqp", 5672),
    "Kafka": ("kafka", 9092),
    "Elasticsearch": ("elasticsearch|elastic", 9200),
}
"""Store or broker -> (names by which sections, drivers and images tell it, its port)."""
SUFFIXES = (".ini", ".cfg", ".conf", ".properties", ".toml", ".yaml", ".yml", ".json")
AUTOMATIC = re.compile(r"^application(-[\w]+)?\.(properties|ya?ml)$")
"""Files that Spring reads by their names."""
PLACES = frozenset({"host", "hostname", "addr", "address", "server", "endpoint", "url", "uri", "dsn"})
KINDS = frozenset({"type", "driver", "dialect", "engine", "adapter", "dbtype", "client"})
SWITCHES = frozenset({"enabled", "enable", "disabled"})
INSIDE = frozenset({"localhost", "127.0.0.1", "::1"})
ADDRESS = re.compile(r"^(?:[a-z][\w+.:-]*://)?(?:[^\s/@]*@)?(?P<host>[A-Za-z0-9][\w.-]*)(?::(?P<port>\d{2,5}))?(?:/.*)?$")
CODE = (".go", ".py", ".js", ".mjs", ".ts", ".java", ".kt", ".rs", ".rb", ".php", ".cs")
NOT_RUN = re.compile(r"(^|/)(tests?|docs?|examples?|node_modules|vendor|\.github)/|package(-lock)?\.json$|tsconfig", re.IGNORECASE)
MAX_SIZE = 2**16


@dataclass(frozen=True)
class StoredAddress:
    """A store with the host that a file gives it."""

    store: str
    host: str
    origin: Origin


@dataclass
class _Section:
    """The plain values that stand beside each other. `names`: the keys that lead to them."""

    names: tuple[str, ...]
    values: dict[str, str] = field(default_factory=dict)


def stores(project: Project, paths: set[str], started: str) -> Iterator[StoredAddress]:
    """Stores of the configuration files among `paths`, those of the image. `started`: commands of the build and the start."""
    for path in sorted(paths):
        file = project.files.get(path)
        if (
            file is None
            or not path.endswith(SUFFIXES)
            or file.size > MAX_SIZE
            or NOT_RUN.search(path)
            or not _is_read(project, paths, file)
        ):
            continue
        for section in _sections(file):
            found = _of_section(section)
            if found is not None and not re.search(rf"\b({STORES[found[0]][0]})", started):
                store, host, key = found
                yield StoredAddress(store, host, Origin(file=path, line=_line(file, section, key)))


def _is_read(project: Project, paths: set[str], file: SourceFile) -> bool:
    """Whether code of the image names the file, or a framework reads it by its name."""
    if AUTOMATIC.match(file.name):
        return True
    name = file.name.encode()
    code = (project.files[path] for path in paths if path.endswith(CODE) and path in project.files)
    return any(one.size < 2**18 and name in one.data for one in code)


def _of_section(section: _Section) -> tuple[str, str, str] | None:
    """(store, host, key that says so) where the host is one that a runner of fal does not have."""
    values = section.values
    for key in (key for key in values if key in PLACES):
        match = ADDRESS.match(values[key].removeprefix("jdbc:"))
        if match is None or "$" in values[key] or not _is_inside(match["host"], stated=key != "url" or "://" in values[key]):
            continue
        port = match["port"] or values.get("port", "")
        said = " ".join([*section.names[-1:], *(values[kind] for kind in KINDS if kind in values), values[key].partition("://")[0]])
        off = any(values.get(switch, "").lower() == ("true" if switch == "disabled" else "false") for switch in SWITCHES)
        if off or re.search(r"sqlite|memory|h2\b", said, re.IGNORECASE):
            continue
        for store, (names, usual) in STORES.items():
            if re.search(rf"(?i)\b({names})", said) or port == str(usual):
                return store, match["host"], key
    return None


def _is_inside(host: str, *, stated: bool) -> bool:
    """Whether a host is the container itself, or a bare name that only a Docker network knows."""
    return host.lower() in INSIDE or (stated and re.fullmatch(r"[a-z][a-z0-9_-]*", host) is not None)


def _line(file: SourceFile, section: _Section, key: str) -> int:
    lines = file.data.decode(errors="replace").lower().splitlines()
    start = next((index for index, line in enumerate(lines) if section.names and section.names[-1] in line), 0)
    stated = re.compile(rf"(^|[\s\"'.{{,]){re.escape(key)}[\"']?\s*[=:]")
    return next((index for index in range(start, len(lines)) if stated.search(lines[index])), start) + 1


def _sections(file: SourceFile) -> list[_Section]:
    text = file.data.decode(errors="replace")
    if file.path.endswith((".ini", ".cfg", ".conf", ".properties")):
        return _plain(text)
    try:
        if file.path.endswith(".toml"):
            document: Any = tomllib.loads(text)
        elif file.path.endswith(".json"):
            document = json.loads(text)
        else:
            document = list(yaml.safe_load_all(text))
    except (ValueError, yaml.YAMLError, RecursionError):
        return []
    found: list[_Section] = []
    _walk(document, (), found)
    return found


def _walk(value: Any, names: tuple[str, ...], found: list[_Section]) -> None:
    if len(names) > 12:
        return
    if isinstance(value, list):
        for one in value:
            _walk(one, names, found)
    elif isinstance(value, dict):
        plain = {str(key).lower(): str(one) for key, one in value.items() if isinstance(one, str | int | float | bool)}
        found.append(_Section(names, plain))
        for key, one in value.items():
            _walk(one, (*names, str(key).lower()), found)


def _plain(text: str) -> list[_Section]:
    """Sections of an INI file; of a properties file, one for each prefix."""
    found: dict[tuple[str, ...], _Section] = {}
    head: tuple[str, ...] = ()
    for line in text.splitlines():
        if match := re.match(r"^\s*\[([^\]]+)\]\s*$", line):
            head = (match[1].strip().lower(),)
        elif match := re.match(r"^\s*([\w.-]+)\s*[=:]\s*[\"']?(.*?)[\"']?\s*$", line):
            *prefix, key = match[1].lower().split(".")
            names = (*head, *prefix)
            found.setdefault(names, _Section(names)).values[key] = match[2]
    return list(found.values())
