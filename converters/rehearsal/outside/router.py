"""Which part of the outside answers a request: chosen by its host."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from converters.rehearsal.outside import forward
from converters.rehearsal.outside.asked import Record
from converters.rehearsal.outside.doubled import Doubled
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.outside.hosts import PYPI_FILES, is_forwarded
from converters.rehearsal.outside.python import routes
from converters.rehearsal.outside.python.index import FAILURES, PythonIndex
from converters.rehearsal.outside.upstream import Upstream


class Router:
    """The ASGI application behind every address. For one event loop."""

    def __init__(self, upstream: Upstream, index: PythonIndex, expected: Expected, record: Record) -> None:
        self._upstream, self._index, self._record = upstream, index, record
        self._doubled = Doubled(index, expected, record)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except FAILURES as error:
            self._record.add(request.url.hostname or "", str(request.url), "refused", str(error))
            response = routes.failure(error)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        host = request.url.hostname or ""
        if not host:
            return PlainTextResponse("which host?", 400)
        if is_forwarded(host):
            self._record.add(host, str(request.url), "forwarded")
            return await forward.forward(request, self._upstream)
        if routes.is_index(request):
            return await routes.index_page(request, self._index, self._record)
        if routes.is_description(request):
            return await routes.described(request, self._index, self._record)
        if host == PYPI_FILES:
            return await routes.file(request, self._index, self._record)
        if request.url.path.endswith(".whl"):
            return await routes.foreign_wheel(request, self._index, self._record)
        return await self._doubled.respond(request)
