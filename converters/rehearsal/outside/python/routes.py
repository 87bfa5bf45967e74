"""What Python's indexes and the hosts of their files answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from converters.rehearsal.outside.asked import Record
from converters.rehearsal.outside.hosts import PYPI, PYPI_FILES
from converters.rehearsal.outside.python.index import _FAMILY, PythonIndex, together
from converters.rehearsal.outside.python.listing import OWN_PATH, File, normalized, page
from converters.rehearsal.outside.upstream import UpstreamError

_SIMPLE = "application/vnd.pypi.simple.v1"
_INDEXES = ("download.pytorch.org", "download-r2.pytorch.org", "pypi.nvidia.com", "pypi.ngc.nvidia.com", "test.pypi.org")
"""Hosts of indexes, for clients that do not say that they want an index page: pip before 22.2."""


def is_index(request: Request) -> bool:
    """Whether a request asks for an index page, be it by its host or by what it accepts."""
    host, path = request.url.hostname or "", request.url.path
    is_page = path.endswith(("/", ".html")) or "." not in path.rpartition("/")[2]
    return host in PYPI or (is_page and (_SIMPLE in request.headers.get("accept", "") or host in _INDEXES))


async def index_page(request: Request, index: PythonIndex, record: Record) -> Response:
    """An index page. Raises UpstreamError."""
    host, path = request.url.hostname or "", request.url.path
    accept = request.headers.get("accept", "")
    name = path.rstrip("/").rpartition("/")[2]
    if host in PYPI:
        files = await index.files(name)
    elif name.endswith(".html"):
        files = await together(index, sorted(_FAMILY), path)
        name = name.removesuffix(".html")
    else:
        files = await index.elsewhere(name, path)
    outcome, detail = ("forwarded", "") if host in PYPI else ("doubled", "an index that is not asked: its versions are the public ones")
    record.add(host, str(request.url), outcome, detail)  # type: ignore[arg-type]
    media_type, text = page(files, normalized(name), accept)
    return Response(text, media_type=media_type)


async def file(request: Request, index: PythonIndex, record: Record) -> Response:
    """A file of the index, its METADATA, or the stub of it. Raises UpstreamError, and what reading archives raises."""
    path = request.url.path
    project = path.removeprefix(OWN_PATH).partition("/")[0] if path.startswith(OWN_PATH) else ""
    name = path.rpartition("/")[2]
    found = await index.find(name.removesuffix(".metadata"), project)
    if name.endswith(".metadata"):
        return Response(await index.metadata(found), media_type="application/octet-stream")
    reason = await _reason(found, index)
    if reason:
        record.add(PYPI_FILES, str(request.url), "stub", f"{found.project} {found.version}: {reason}")
        return Response(await index.stub(found), media_type="application/octet-stream")
    record.add(PYPI_FILES, str(request.url), "forwarded", f"{found.project} {found.version}")
    return FileResponse(await index.real(found), media_type="application/octet-stream")


async def _reason(found: File, index: PythonIndex) -> str:
    if found.shown:
        return "a build of an index that is not asked"
    return await index.stub_reason(found)


def failure(error: Exception) -> Response:
    """What is answered where the real index did not give what was needed."""
    status = error.status if isinstance(error, UpstreamError) and error.status in (404, 403) else 502
    return PlainTextResponse(str(error), 404 if status == 403 else status)
