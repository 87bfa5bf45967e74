"""The index of Python packages that processes inside ask: what is listed, and what a file holds."""

from __future__ import annotations

import asyncio
import re
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from converters.rehearsal.outside.python.archive import RemoteArchive
from converters.rehearsal.outside.python.listing import ACCEPTED, File, is_for_linux, normalized, parse, project_of, with_local
from converters.rehearsal.outside.upstream import Upstream, UpstreamError
from converters.rehearsal.stubs import choice, source, wheel

_FAMILY = frozenset({"torch", "torchvision", "torchaudio", "torchtext", "torchdata", "xformers", "torchao", "torchcodec"})
"""What PyTorch's indexes hold builds of their own of, under local versions."""
FAILURES = (UpstreamError, zipfile.BadZipFile, tarfile.TarError)
"""What is raised where the real index does not give what is needed."""
_LARGEST_SOURCE = 200_000_000
"""Bytes up to which a source distribution is fetched to see how it is built."""
_VENDOR = re.compile(r"^(nvidia-|triton$|cuda-)")
_LOCAL_VERSION = re.compile(r"(?<![\w.])(cpu|cu\d{2,3}|rocm\d[\d.]*|xpu)(?![\w.])")


class PythonIndex:
    """The public index with stubs in it. For one event loop.

    ``simple``: the address of the real one's simple API.
    """

    def __init__(self, upstream: Upstream, simple: str) -> None:
        self._upstream, self._simple = upstream, simple.rstrip("/")
        self._choice = choice.Choice(self._newest)
        self._listed: dict[str, list[File]] = {}
        self._shown: dict[tuple[str, str], File] = {}
        self._stubs: dict[str, bytes] = {}
        self._sources: dict[str, source.Source] = {}

    async def files(self, project: str) -> list[File]:
        """The files of a project in the order of the index. Raises UpstreamError."""
        name = normalized(project)
        if name not in self._listed:
            base = f"{self._simple}/{name}/"
            self._listed[name] = parse(await self._upstream.document(base, accept=ACCEPTED), name, base)
        return self._listed[name]

    async def elsewhere(self, project: str, path: str) -> list[File]:
        """What an index that cannot be reached would list of a project at ``path``: the public versions, under its local version."""
        files = await self.files(project)
        suffix = local_version(path)
        if suffix and normalized(project) in _FAMILY:
            files = with_local(files, suffix)
            self._shown |= {(file.project, file.shown): file for file in files}
        return files

    async def find(self, filename: str, project: str = "") -> File:
        """The file that is listed as ``filename``. Raises UpstreamError where there is none."""
        project = project or project_of(filename)
        known = self._shown.get((project, filename))
        if known is None and "+" in filename:
            local = filename.split("-")[1].partition("+")[2]
            await self.elsewhere(project, f"/{local}/")
            known = self._shown.get((project, filename))
        known = known or next((file for file in await self.files(project) if file.name == filename), None)
        if known is None:
            raise UpstreamError(f"{self._simple}/{project}/", 404, f"{project} has no file {filename}")
        return known

    async def metadata(self, file: File) -> bytes:
        """The METADATA of a wheel. Raises UpstreamError, and zipfile.BadZipFile."""
        try:
            data = await self._upstream.document(f"{file.url}.metadata", age=None)
        except UpstreamError as error:
            if error.status not in (403, 404):
                raise
            archive = await self._archive(file)
            name = next((name for name in await archive.names() if name.endswith(".dist-info/METADATA")), "")
            if not name:
                raise UpstreamError(file.url, 404, f"{file.name} holds no METADATA") from error
            data = await archive.read(name)
        return _relabelled(data, file) if file.shown else data

    async def stub_reason(self, file: File) -> str:
        """Why a file is a stub; '' for one that is installed really. Raises UpstreamError, and what reading archives raises."""
        if file.is_wheel:
            return await self._choice.reason(choice.Distribution(file.project, await self._size(file), await self.metadata(file)))
        known = choice.by_name(file.project)
        if known:
            return known
        described = await self._source(file)
        reason = await self._choice.reason(choice.Distribution(file.project, file.size, described.metadata))
        if reason:
            return reason
        for name in (*map(_name_of, described.build_requires), *described.imports):
            if await self._choice.is_stub(normalized(name)):
                return f"is built with {normalized(name)}, which is a stub"
        return ""

    async def stub(self, file: File) -> bytes:
        """The stub of a file. Raises UpstreamError, and what reading archives raises."""
        if file.label not in self._stubs:
            if file.is_wheel:
                made = wheel.build(file.label, await self.metadata(file), await self.contents(file))
            else:
                made = source.build(file.label, file.project, str(file.version), await self._source(file))
            self._stubs[file.label] = made
        return self._stubs[file.label]

    async def real(self, file: File) -> Path:
        """The real file. Raises UpstreamError."""
        return await self._upstream.file(file.url)

    async def contents(self, file: File) -> wheel.Contents:
        """What a wheel brings. Raises UpstreamError, and zipfile.BadZipFile."""
        archive = await self._archive(file)
        names = await archive.names()
        declared = next((name for name in names if name.endswith(".dist-info/entry_points.txt")), "")
        entry_points = (await archive.read(declared)).decode(errors="replace") if declared else ""
        return wheel.contents(names, entry_points)

    async def _source(self, file: File) -> source.Source:
        if file.name not in self._sources:
            if (file.size or 0) > _LARGEST_SOURCE:
                text = f"Metadata-Version: 2.1\nName: {file.project}\nVersion: {file.version}\n"
                self._sources[file.name] = source.Source((), {"PKG-INFO": text})
            else:
                place = await self._upstream.file(file.url)
                self._sources[file.name] = await asyncio.to_thread(source.read, place, file.name)
        return self._sources[file.name]

    async def _size(self, file: File) -> int:
        return file.size if file.size is not None else await self._upstream.size(file.url)

    async def _archive(self, file: File) -> RemoteArchive:
        return RemoteArchive(self._upstream, file.url, await self._size(file))

    async def _newest(self, name: str) -> choice.Distribution | None:
        """What a resolver would choose without other demands: the newest release with a wheel for Linux, else the newest source."""
        try:
            file = newest(await self.files(name))
            if file is None:
                return None
            metadata = await self.metadata(file) if file.is_wheel else (await self._source(file)).metadata
            return choice.Distribution(name, file.size, metadata)
        except FAILURES:
            return None


def local_version(path: str) -> str:
    """The local version that the address of an index names: ``cu121`` of ``/whl/cu121/torch``; ''."""
    found = _LOCAL_VERSION.findall(path)
    return found[-1] if found else ""


def newest(files: Iterable[File]) -> File | None:
    """The file of the newest release: its wheel for Linux and Python 3.11 where there is one, else its source distribution."""
    allowed = [file for file in files if not file.yanked and file.version is not None and _allows(file.requires_python)]
    fitting = [file for file in allowed if file.is_wheel and is_for_linux(file.name)] or [file for file in allowed if not file.is_wheel]
    final = [file for file in fitting if file.version is not None and not file.version.is_prerelease] or fitting
    return max(final, key=lambda file: (file.version or Version("0"), "cp311" in file.name), default=None)


def _name_of(requirement: str) -> str:
    """The name that a requirement begins with."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match.group() if match else ""


def _allows(requires_python: str) -> bool:
    try:
        return choice.ENVIRONMENT["python_full_version"] in SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True


def _relabelled(metadata: bytes, file: File) -> bytes:
    """METADATA under the local version that a file is listed with, without PyPI's libraries of CUDA: others may be required."""
    head, separator, body = metadata.partition(b"\n\n")
    lines = []
    for line in head.decode().splitlines():
        name = line.partition(":")[2].strip()
        if line.startswith("Version:"):
            line = f"Version: {file.version}"
        if not (line.startswith("Requires-Dist:") and _VENDOR.match(name)):
            lines.append(line)
    return "\n".join(lines).encode() + separator + body


async def together(index: PythonIndex, names: Iterable[str], path: str) -> list[File]:
    """What one page of an index that cannot be reached lists of several projects."""
    found = await asyncio.gather(*(index.elsewhere(name, path) for name in names), return_exceptions=True)
    return [file for files in found if not isinstance(files, BaseException) for file in files]
