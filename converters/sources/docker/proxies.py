"""Servers that stand in front of others inside an image: nginx, Caddy and supervisord configurations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.containers.layout import Layout
from converters.ir import Origin
from converters.project import Project, SourceFile
from converters.sources.docker.processes import Process

LISTEN = re.compile(r"^\s*listen\s+(?:\[::\]:|[\w.*]+:)?(\d+)\b([^;]*);", re.MULTILINE)
UPSTREAM = re.compile(r"proxy_pass\s+https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\w+)(?::(\d+))?")


@dataclass(frozen=True)
class Front:
    """A reverse proxy inside the image: the port it listens on and those it passes requests to."""

    name: str
    port: int
    upstreams: tuple[int, ...]
    origin: Origin


def front(project: Project, layout: Layout, processes: list[Process], text: str) -> Front | None:
    """The proxy that the image starts. `text`: the scripts and commands of the start, in which its name stands."""
    started = {PurePosixPath(word).name for process in processes for word in process.words} | set(
        re.findall(r"\b(nginx|caddy|supervisord)\b", text)
    )
    started |= {PurePosixPath(command.split()[0]).name for command, _ in supervised(project, layout) if command.split()}
    found = [*(_nginx(project, layout) if "nginx" in started else ()), *(_caddy(project, layout) if "caddy" in started else ())]
    ranked = sorted(found, key=lambda one: (not one.upstreams, one.port == 443))
    return ranked[0] if ranked else None


def _nginx(project: Project, layout: Layout) -> Iterator[Front]:
    for image, path in layout.files.items():
        file = project.files[path]
        if "nginx" not in image or not _text(file) or file.size > 2**18:
            continue
        text = re.sub(r"(?m)#.*$", "", file.data.decode(errors="replace"))
        for match in LISTEN.finditer(text):
            if "ssl" not in match.group(2):
                upstreams = tuple(int(port) for port in UPSTREAM.findall(text) if port)
                yield Front("nginx", int(match.group(1)), upstreams, Origin(file=path, line=text.count("\n", 0, match.start(1)) + 1))


def _caddy(project: Project, layout: Layout) -> Iterator[Front]:
    for path in layout.files.values():
        if PurePosixPath(path).name.lower().startswith("caddyfile"):
            text = project.files[path].data.decode(errors="replace")
            for match in re.finditer(r"(?m)^\s*(?:https?://)?(?:[\w.*]*)?:(\d+)\s*\{", text):
                upstreams = tuple(int(port) for port in re.findall(r"reverse_proxy[^\n{]*:(\d+)", text))
                yield Front("Caddy", int(match.group(1)), upstreams, Origin(file=path, line=text.count("\n", 0, match.start(1)) + 1))


def _text(file: SourceFile) -> bool:
    return b"\0" not in file.data[:4096]


def supervised(project: Project, layout: Layout) -> Iterator[tuple[str, Origin]]:
    """The commands that supervisord keeps running, from the configuration files in the image."""
    for image, path in sorted(layout.files.items()):
        file = project.files[path]
        if "supervis" in image and file.size < 2**18 and b"[program:" in file.data:
            text = file.data.decode(errors="replace")
            for match in re.finditer(r"(?m)^\s*command\s*=\s*(.+(?:\n[ \t]+\S.*)*)$", text):
                command = re.sub(r"%\(ENV_(\w+)\)s", r"${\1}", " ".join(match.group(1).split()))
                yield command, Origin(file=path, line=text.count("\n", 0, match.start(1)) + 1)
