"""The real registries, as far as they are asked: with a cache on disk, and with nothing of this machine's credentials shown inside."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

DOCUMENT_AGE = 1800.0
"""Seconds for which an index page counts as current."""
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
_AT_ONCE = 24
_ATTEMPTS = 3
_RETRIED = frozenset({429, 500, 502, 503, 504})


class UpstreamError(Exception):
    """A registry that did not answer, or refused; ``status`` is its HTTP status, 502 where it was not reached."""

    def __init__(self, url: str, status: int, message: str = "") -> None:
        super().__init__(message or f"{httpx.URL(url).copy_with(userinfo=b'')} answered {status}")
        self.status = status


class Upstream:
    """Asks registries; everything that never changes is fetched once per cache folder. For one event loop."""

    def __init__(self, cache: Path, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._cache = cache
        self._client = httpx.AsyncClient(
            transport=transport, timeout=_TIMEOUT, follow_redirects=True, limits=httpx.Limits(max_connections=_AT_ONCE)
        )
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def document(self, url: str, *, accept: str = "*/*", age: float | None = DOCUMENT_AGE) -> bytes:
        """A small document, from the cache where it is younger than ``age`` seconds (None: any age). Raises UpstreamError."""
        place = self._place("documents", f"{accept} {url}")
        async with self._locks[url]:
            if place.is_file() and (age is None or time.time() - place.stat().st_mtime < age):
                return place.read_bytes()
            response = await self._get(url, {"Accept": accept})
            _write(place, response.content)
            return response.content

    async def file(self, url: str) -> Path:
        """A file that never changes, in the cache. Raises UpstreamError."""
        place = self.place(url)
        async with self._locks[url]:
            if not place.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
                try:
                    with os.fdopen(handle, "wb") as target:
                        async for block in self._blocks(url):
                            target.write(block)
                    Path(name).replace(place)
                finally:
                    Path(name).unlink(missing_ok=True)
        return place

    def kept(self, url: str) -> Path | None:
        """The file of an address, where the cache has it."""
        place = self.place(url)
        return place if place.is_file() else None

    def place(self, url: str) -> Path:
        """Where the cache keeps the file of an address."""
        return self._place("files", url)

    async def part(self, url: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` (exclusive) of a file that never changes. Raises UpstreamError, also where a server sends no parts."""
        place = self._place("parts", f"{url} {start}-{end}")
        if place.is_file():
            return place.read_bytes()
        response = await self._get(url, {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"})
        if response.status_code != 206:
            raise UpstreamError(url, response.status_code)
        _write(place, response.content)
        return response.content

    async def size(self, url: str) -> int:
        """The size of a file in bytes. Raises UpstreamError, also where a server does not say."""
        response = await self._get(url, {"Range": "bytes=0-0", "Accept-Encoding": "identity"})
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        if response.status_code != 206 or not total.isdecimal():
            raise UpstreamError(url, response.status_code, f"{url} does not say how large it is")
        return int(total)

    async def open(self, method: str, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """The response of a registry, whose body is still to be read and which is to be closed. Raises UpstreamError."""
        try:
            return await self._client.send(self._client.build_request(method, url, headers=dict(headers)), stream=True)
        except httpx.HTTPError as error:
            raise UpstreamError(url, 502, f"{httpx.URL(url).host} cannot be reached: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = await self._client.get(url, headers=dict(headers))
            except httpx.HTTPError as error:
                if attempt == _ATTEMPTS or isinstance(error, httpx.UnsupportedProtocol):
                    raise UpstreamError(url, 502, f"{httpx.URL(url).host} cannot be reached: {error or type(error).__name__}") from error
            else:
                if response.status_code < 400:
                    return response
                if attempt == _ATTEMPTS or response.status_code not in _RETRIED:
                    raise UpstreamError(url, response.status_code)
            await asyncio.sleep(0.3 * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _blocks(self, url: str) -> AsyncIterator[bytes]:
        response = await self.open("GET", url, {"Accept-Encoding": "identity"})
        try:
            if response.status_code != 200:
                raise UpstreamError(url, response.status_code)
            async for block in response.aiter_bytes():
                yield block
        except httpx.HTTPError as error:
            raise UpstreamError(url, 502, f"{httpx.URL(url).host} broke off: {error or type(error).__name__}") from error
        finally:
            await response.aclose()

    def _place(self, kind: str, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._cache / kind / digest[:2] / digest[2:]


def _write(place: Path, data: bytes) -> None:
    """Write a whole file or nothing: others may use the same cache."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
    with os.fdopen(handle, "wb") as target:
        target.write(data)
    Path(name).replace(place)
