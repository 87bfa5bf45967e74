"""The double of the internet: what a rehearsed build or app reaches when it asks other machines.

Its processes run where there is nothing but a loopback device. Sockets that listen there are handed to :class:`Outside`, which answers for
every host: package registries of systems are asked for real, Python's index answers with real metadata and with stubs for what is not
installed, and everything else with a small file of the kind that the address names. What was asked is recorded.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import httpx
from starlette.types import ASGIApp

from converters.rehearsal.outside import mounted
from converters.rehearsal.outside.asked import Asked, Outcome, Record
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.outside.python.index import PythonIndex
from converters.rehearsal.outside.router import Router
from converters.rehearsal.outside.server import Served, Servers
from converters.rehearsal.outside.upstream import Upstream
from converters.rehearsal.stubs import locks
from fal_runtime.interception.certificates import Authority

__all__ = ["ADDRESS", "MOUNTED_AT", "Asked", "Outcome", "Outside"]

ADDRESS = "11.11.11.11"
"""The address that the name server gives every host: a public one, as programs refuse others for their downloads."""
MOUNTED_AT = mounted.MOUNTED_AT


class Outside:
    """Answers for all other machines.

    ``folder``: an empty or missing directory for what is mounted; ``cache``: a directory that rehearsals share; ``python_index``: the
    address of the simple API of the real index; ``transport``: how real registries are reached, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path,
        python_index: str = "https://pypi.org/simple",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._record, self._expected = Record(), Expected()
        self._cache, self._python_index, self._transport = cache, python_index, transport
        self._upstream: Upstream | None = None
        self._authority = Authority("Certificate authority of a rehearsal", domains=None)
        self._servers: Servers | None = None
        self.mount = folder
        """The content of ``MOUNTED_AT``, read-only, in builds and apps."""
        self.ca = mounted.write(folder, self._authority.pem)
        """The certificate to trust, as a PEM file."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables for every process inside: they lead it to the certificate and switch off what would go around it."""
        return MappingProxyType(mounted.environment())

    def expect(self, *texts: str) -> None:
        """Have what these name found in what is fetched: the Dockerfile, scripts, lists of requirements, the app's code."""
        for text in texts:
            self._expected.add(text)

    def locked(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Of a build's files, by path, those that state digests of what becomes a stub, with the digests of the stubs.

        Raises UpstreamError where the real index cannot be asked.
        """

        async def rewrite() -> dict[str, bytes]:
            upstream = Upstream(self._cache, self._transport)
            try:
                index = PythonIndex(upstream, self._python_index)
                texts = {path: files[path].decode(errors="surrogateescape") for path in locks.candidates(files)}
                made = {path: await locks.rewritten(text, index) for path, text in texts.items()}
            finally:
                await upstream.close()
            return {path: text.encode(errors="surrogateescape") for path, text in made.items() if text != texts[path]}

        return asyncio.run(rewrite())

    def serve(self, udp: socket.socket, http: socket.socket, https: socket.socket) -> Served:
        """Answer at sockets that listen at ports 53 (UDP), 80 and 443 inside, until what is returned is closed.

        May be called for several namespaces.
        """
        if self._servers is None:
            self._servers = Servers(self._application, self._finish, self._authority.context(), ADDRESS)
        return self._servers.add(udp, http, https)

    def record(self) -> list[Asked]:
        """What was asked so far, in order."""
        return self._record.all()

    def close(self) -> None:
        """Stop answering."""
        if self._servers is not None:
            self._servers.close()

    def _application(self) -> ASGIApp:
        self._upstream = Upstream(self._cache, self._transport)
        return Router(self._upstream, PythonIndex(self._upstream, self._python_index), self._expected, self._record)

    async def _finish(self) -> None:
        if self._upstream is not None:
            await self._upstream.close()
