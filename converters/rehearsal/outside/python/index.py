"""The index of Python packages that processes inside ask: what is listed, and what a file holds."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from converters.concepts.cog.cuda import ON_PYPI, release
from converters.rehearsal.outside.python import elsewhere
from converters.rehearsal.outside.python.archive import RemoteArchive
from converters.rehearsal.outside.python.listing import ACCEPTED, JSON, File, is_for_linux, normalized, page, parse, project_of, version_of
from converters.rehearsal.outside.upstream import Upstream, UpstreamError
from converters.rehearsal.stubs import choice, source, wheel

FAILURES = (UpstreamError, zipfile.BadZipFile, tarfile.TarError)
"""What is raised where the real index does not give what is needed."""
_LARGEST_SOURCE = 200_000_000
"""Bytes up to which a source distribution is fetched to see how it is built."""
_VENDOR = re.compile(r"^(nvidia-|triton$|cuda-)")


class PythonIndex:
    """The public index with stubs in it. For one event loop.

    ``simple``: the address of the real one's simple API.
    """

    def __init__(self, upstream: Upstream, simple: str) -> None:
        self._upstream, self._simple = upstream, simple.rstrip("/")
        self._choice = choice.Choice(self._newest)
        self._listed: dict[str, list[File]] = {}
        self._shown: dict[tuple[str, str], File] = {}
        self._pages: dict[tuple[str, bool], tuple[str, str]] = {}
        self._stubs: dict[str, bytes] = {}
        self._contents: dict[tuple[str, str], wheel.Contents] = {}
        self._sources: dict[str, source.Source] = {}

    async def files(self, project: str) -> list[File]:
        """The files of a project in the order of the index. Raises UpstreamError."""
        name = normalized(project)
        if name not in self._listed:
            base = f"{self._simple}/{name}/"
            self._listed[name] = parse(await self._upstream.document(base, accept=ACCEPTED), name, base)
        return self._listed[name]

    async def page(self, project: str, accept: str) -> tuple[str, str]:
        """(media type, text) of the page of a project, in the form that is accepted. Raises UpstreamError."""
        key = normalized(project), JSON in accept
        if key not in self._pages:
            self._pages[key] = page(await self.files(project), normalized(project), accept)
        return self._pages[key]

    async def has(self, project: str) -> bool:
        """Whether the index has a project. Raises UpstreamError where it cannot be asked."""
        try:
            return bool(await self.files(project))
        except UpstreamError as error:
            if error.status != 404:
                raise
            return False

    async def elsewhere(self, project: str, address: str) -> list[File]:
        """What an index at ``host/path`` that is not asked would list of a project. Raises UpstreamError."""
        name = normalized(project)
        files = elsewhere.listed(await self.files(name), name, address)
        self._shown |= {(file.project, file.shown): file for file in files if file.shown}
        return files

    async def find(self, filename: str, project: str = "") -> File:
        """The file that is listed as ``filename``; of another index, one of the same release under that name. Raises UpstreamError."""
        project = project or project_of(filename)
        known = self._shown.get((project, filename))
        if known is not None:
            return known
        files = await self.files(project)
        known = next((file for file in files if file.name == filename), None) or _of_same_release(files, filename)
        if known is None:
            raise UpstreamError(f"{self._simple}/{project}/", 404, f"{project} has no file {filename}")
        return known

    async def metadata(self, file: File) -> bytes:
        """The METADATA of a file. Raises UpstreamError, and what reading archives raises."""
        if not file.name.endswith(".whl"):
            return _relabelled((await self._source(file)).metadata, file)
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
        if file.shown:
            return "a build of an index that is not asked"
        if file.is_wheel:
            described_by = await self._representative(file)
            return await self._choice.reason(choice.Distribution(file.project, await self._size(file), await self.metadata(described_by)))
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

    async def digests(self, files: Iterable[File]) -> dict[str, str]:
        """By name, the SHA-256 of what is installed for files that Linux can have. Raises what :meth:`stub` raises."""
        usable = [file for file in files if not file.is_wheel or is_for_linux(file.name)]
        return dict(zip((file.name for file in usable), await asyncio.gather(*map(self._digest, usable)), strict=True))

    async def _digest(self, file: File) -> str:
        if await self.stub_reason(file):
            return hashlib.sha256(await self.stub(file)).hexdigest()
        return file.sha256 or hashlib.sha256((await self.real(file)).read_bytes()).hexdigest()

    async def foreign(self, filename: str) -> bytes:
        """The stub of a wheel on a host that is not asked, with what the index knows of its release. Raises what :meth:`stub` raises."""
        if not project_of(filename):
            return wheel.unknown(filename)
        try:
            return await self.stub(replace(await self.find(filename), shown=filename))
        except UpstreamError as error:
            if error.status != 404:
                raise
            return wheel.unknown(filename)

    async def real(self, file: File) -> Path:
        """The real file. Raises UpstreamError."""
        return await self._upstream.file(file.url)

    async def contents(self, file: File) -> wheel.Contents:
        """What a file brings; of the wheels of a release, all the same. Raises UpstreamError, and what reading archives raises."""
        key = file.project, str(file.version).partition("+")[0]
        if key not in self._contents:
            if file.name.endswith(".whl"):
                archive = await self._archive(file)
                names = await archive.names()
                declared = next((name for name in names if name.endswith(".dist-info/entry_points.txt")), "")
                entry_points = (await archive.read(declared)).decode(errors="replace") if declared else ""
                self._contents[key] = wheel.contents(names, entry_points)
            else:
                self._contents[key] = (await self._source(file)).brought
        return self._contents[key]

    async def _source(self, file: File) -> source.Source:
        if file.name not in self._sources:
            if (file.size or 0) > _LARGEST_SOURCE:
                text = f"Metadata-Version: 2.1\nName: {file.project}\nVersion: {file.version}\n"
                self._sources[file.name] = source.Source((), {"PKG-INFO": text})
            else:
                place = await self._upstream.file(file.url)
                self._sources[file.name] = await asyncio.to_thread(source.read, place, file.name)
        return self._sources[file.name]

    async def _representative(self, file: File) -> File:
        """The wheel whose METADATA stands for those of all wheels of a release."""
        same = [
            each for each in await self.files(file.project) if each.version == file.version and each.is_wheel and is_for_linux(each.name)
        ]
        return max(same, key=lambda each: ("cp311" in each.name, each.name), default=file)

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


def _of_same_release(files: Iterable[File], filename: str) -> File | None:
    """A file of the release that ``filename`` names, whatever its local version: a wheel for Linux where there is one."""
    wanted = version_of(filename)
    if wanted is None:
        return None
    same = [file for file in files if file.version is not None and file.version.public == wanted.public]
    best = max(same, key=lambda file: (file.is_wheel and is_for_linux(file.name), file.is_wheel), default=None)
    return None if best is None or not filename.endswith(".whl") else replace(best, shown=filename)


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
    """METADATA under the version that a file is listed with. A build for another CUDA than PyPI's does not require that one's libraries."""
    version, local = str(file.version), file.version.local if file.version is not None else None
    on_pypi = f"cu{ON_PYPI.get(release(version), '').replace('.', '')}"
    head, separator, body = metadata.partition(b"\n\n")
    lines = []
    for line in head.decode(errors="replace").splitlines():
        if line.startswith("Version:"):
            lines.append(f"Version: {version}")
        elif not (local and local != on_pypi and line.startswith("Requires-Dist:") and _VENDOR.match(line.partition(":")[2].strip())):
            lines.append(line)
    return "\n".join(lines).encode() + (separator or b"\n\n") + body


async def together(index: PythonIndex, names: Iterable[str], address: str) -> list[File]:
    """What a page at ``host/path`` that is not asked lists of several projects."""
    found = await asyncio.gather(*(index.elsewhere(name, address) for name in names), return_exceptions=True)
    return [file for files in found if not isinstance(files, BaseException) for file in files]
