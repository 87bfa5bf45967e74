"""What lies in a wheel on another machine, read without fetching the whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TypeVar

from converters.rehearsal.outside.upstream import Upstream

_SMALL = 256 * 1024
"""Bytes up to which a file is fetched whole."""
_STEP = 64 * 1024
T = TypeVar("T")


class _Missing(Exception):
    """Bytes that were not fetched yet."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end


class _Sparse(io.RawIOBase):
    """A file of which parts are there."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0
        self._parts: list[tuple[int, bytes]] = []

    def add(self, start: int, data: bytes) -> None:
        self._parts.append((start, data))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        start = self._at
        for first, data in self._parts:
            if first <= start and end <= first + len(data):
                self._at = end
                return data[start - first : end - first]
        if start >= end:
            return b""
        raise _Missing(start, end)


class RemoteArchive:
    """A ZIP archive at an address; its end, its directory and what is read of it are fetched."""

    def __init__(self, upstream: Upstream, url: str, size: int) -> None:
        self._upstream, self._url, self._size = upstream, url, size
        self._file = _Sparse(size)

    async def names(self) -> list[str]:
        """The names of its members. Raises UpstreamError, and zipfile.BadZipFile."""
        return await self._try(lambda archive: archive.namelist())

    async def read(self, name: str) -> bytes:
        """The content of a member. Raises KeyError where there is none, UpstreamError, zipfile.BadZipFile."""
        return await self._try(lambda archive: archive.read(name))

    async def _try(self, action: Callable[[zipfile.ZipFile], T]) -> T:
        while True:
            try:
                with zipfile.ZipFile(self._file) as archive:
                    return action(archive)
            except _Missing as missing:
                start, end = (0, self._size) if self._size <= _SMALL else _widened(missing, self._size)
                self._file.add(start, await self._upstream.part(self._url, start, end))


def _widened(missing: _Missing, size: int) -> tuple[int, int]:
    """A part that is worth a request: the directory and the members are read in small pieces."""
    if missing.end == size:
        return max(0, min(missing.start, size - _STEP)), size
    return missing.start, min(size, max(missing.end, missing.start + _STEP))
