"""A package index in memory, and programs that reach every host at the ports where its double listens."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from converters.rehearsal.outside import MOUNTED_AT, Outside
from converters.rehearsal.stubs.source import archive

SIMPLE = "https://index.example/simple"
LEAD = """\
import os, socket
look_up, connect = socket.getaddrinfo, socket.socket.connect
ports = dict(zip((80, 443), map(int, os.environ["OUTSIDE_PORTS"].split())))
def led(host, port, *args, **kwargs):
    return look_up("127.0.0.1", ports[int(port)] if int(port) in ports else port, *args, **kwargs)
socket.getaddrinfo = led
"""
"""Leads a process of Python's to the double, as the network namespace of a rehearsal does with every process."""


def made_wheel(name: str, version: str, *, requires: tuple[str, ...] = (), files: Mapping[str, str] = {}, extra: str = "") -> bytes:
    """A wheel for any Python."""
    distribution = name.replace("-", "_")
    info = f"{distribution}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", *(f"Requires-Dist: {each}\n" for each in requires), extra]
    members = {
        **(files or {f"{distribution}/__init__.py": f"real = {version!r}\n"}),
        f"{info}/METADATA": "".join(lines),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for member, text in members.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return target.getvalue()


class Registry:
    """Answers as an index and as the host of its files; ``asked`` are the addresses in order."""

    def __init__(self, *, has_metadata: bool = True, form: str = "json") -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.others: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._has_metadata, self._form = has_metadata, form

    def add(self, name: str, version: str, *, requires: tuple[str, ...] = (), files: Mapping[str, str] = {}, extra: str = "") -> None:
        """Publish a wheel."""
        data = made_wheel(name, version, requires=requires, files=files, extra=extra)
        self.files.setdefault(name, {})[f"{name.replace('-', '_')}-{version}-py3-none-any.whl"] = data

    def add_source(self, name: str, version: str, texts: Mapping[str, str]) -> None:
        """Publish a source distribution."""
        files = {f"{name}-{version}/{path}": text.encode() for path, text in texts.items()}
        self.files.setdefault(name, {})[f"{name}-{version}.tar.gz"] = archive(files, f"{name}-{version}.tar.gz")

    def transport(self) -> httpx.MockTransport:
        """How the double reaches this registry."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append((url, dict(request.headers)))
        if url in self.others:
            return httpx.Response(200, content=self.others[url])
        if url.startswith(SIMPLE):
            return self._page(url.rstrip("/").rpartition("/")[2])
        project, _, name = url.removeprefix("https://files.example/").partition("/")
        data = self.files.get(project, {}).get(name.removesuffix(".metadata"))
        if data is None or (name.endswith(".metadata") and not self._has_metadata):
            return httpx.Response(404)
        if name.endswith(".metadata"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return httpx.Response(200, content=archive.read(next(each for each in archive.namelist() if each.endswith("METADATA"))))
        if wanted := request.headers.get("Range"):
            start, end = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
            range_of = f"bytes {start}-{min(end, len(data) - 1)}/{len(data)}"
            return httpx.Response(206, content=data[start : end + 1], headers={"Content-Range": range_of})
        return httpx.Response(200, content=data)

    def _page(self, project: str) -> httpx.Response:
        if project not in self.files:
            return httpx.Response(404)
        names = self.files[project]
        if self._form == "html":
            anchors = "".join(
                f'<a href="https://files.example/{project}/{name}#sha256=0" data-requires-python="&gt;=3.8">{name}</a>' for name in names
            )
            return httpx.Response(200, text=f"<html><body>{anchors}</body></html>")
        entries = [
            {
                "filename": name,
                "url": f"https://files.example/{project}/{name}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "size": len(data),
            }
            for name, data in names.items()
        ]
        return httpx.Response(200, text=json.dumps({"files": entries, "name": project}))


class Inside:
    """Processes of Python's for which every host is the double."""

    def __init__(self, outside: Outside, folder: Path, ports: tuple[int, int]) -> None:
        self._outside, self._folder = outside, folder
        (folder / "lead").mkdir(parents=True)
        (folder / "lead/sitecustomize.py").write_text(LEAD)
        mounted = {name: value.replace(MOUNTED_AT, str(outside.mount)) for name, value in outside.environment.items()}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "OUTSIDE_PORTS": f"{ports[0]} {ports[1]}",
            "PYTHONPATH": str(folder / "lead"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            **mounted,
        }

    def python(self, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python with the packages below ``path``."""
        environment = dict(self.environment)
        if path is not None:
            environment["PYTHONPATH"] += os.pathsep + str(path)
        return subprocess.run(
            [sys.executable, *arguments], env=environment, cwd=self._folder, capture_output=True, text=True, timeout=120, check=False
        )

    def install(self, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Have pip install into a directory."""
        return self.python("-m", "pip", "install", "--no-compile", "--progress-bar", "off", "--target", str(target), *arguments)


@contextmanager
def inside(registry: Registry, folder: Path) -> Iterator[tuple[Outside, Inside]]:
    """The double of the internet around ``registry``, and processes in it."""
    outside = Outside(folder / "outside", cache=folder / "cache", python_index=SIMPLE, transport=registry.transport())
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    outside.serve(udp, *listening)
    try:
        ports = listening[0].getsockname()[1], listening[1].getsockname()[1]
        yield outside, Inside(outside, folder / "inside", ports)
    finally:
        outside.close()
