"""What Python's indexes and the hosts of their files answer."""

from __future__ import annotations

import re
from email.parser import BytesHeaderParser

from packaging.version import Version
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from converters.rehearsal.outside.asked import Record
from converters.rehearsal.outside.doubled import answer
from converters.rehearsal.outside.hosts import PYPI, PYPI_FILES
from converters.rehearsal.outside.python import elsewhere
from converters.rehearsal.outside.python.index import PythonIndex, newest, together
from converters.rehearsal.outside.python.listing import OWN_PATH, normalized, page
from converters.rehearsal.outside.upstream import UpstreamError

_SIMPLE = "application/vnd.pypi.simple.v1"
_INDEXES = ("download.pytorch.org", "download-r2.pytorch.org", "pypi.nvidia.com", "pypi.ngc.nvidia.com", "test.pypi.org")
"""Hosts of indexes, for clients that do not say that they want an index page: pip before 22.2."""


_JSON = re.compile(r"^/pypi/[^/]+(/[^/]+)?/json$")


def is_description(request: Request) -> bool:
    """Whether a request asks PyPI for its JSON about a project."""
    return request.url.hostname in PYPI and _JSON.match(request.url.path) is not None


def is_index(request: Request) -> bool:
    """Whether a request asks for an index page, be it by its host or by what it accepts."""
    host, path = request.url.hostname or "", request.url.path
    is_page = path.endswith(("/", ".html")) or "." not in path.rpartition("/")[2]
    return (host in PYPI and path.startswith("/simple/")) or (
        host not in PYPI and is_page and (_SIMPLE in request.headers.get("accept", "") or host in _INDEXES)
    )


async def index_page(request: Request, index: PythonIndex, record: Record) -> Response:
    """An index page. Raises UpstreamError."""
    host, path = request.url.hostname or "", request.url.path
    accept = request.headers.get("accept", "")
    name = path.rstrip("/").rpartition("/")[2]
    if host in PYPI:
        media_type, text = await index.page(name, accept)
        record.add(host, str(request.url), "forwarded")
        return Response(text, media_type=media_type)
    if name.endswith(".html") or not await index.has(name):
        files = await together(index, elsewhere.projects(f"{host}{path}"), f"{host}{path}")
        name = name.removesuffix(".html")
    else:
        files = await index.elsewhere(name, f"{host}{path}")
        if not files:
            raise UpstreamError(f"https://{host}{path}", 404)
    record.add(host, str(request.url), "doubled", "an index that is not asked: its versions are the public ones")
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
    reason = await index.stub_reason(found)
    if reason:
        record.add(PYPI_FILES, str(request.url), "stub", f"{found.project} {found.version}: {reason}")
        return Response(await index.stub(found), media_type="application/octet-stream")
    record.add(PYPI_FILES, str(request.url), "forwarded", f"{found.project} {found.version}")
    return FileResponse(await index.real(found), media_type="application/octet-stream")


async def foreign_wheel(request: Request, index: PythonIndex, record: Record) -> Response:
    """A wheel on a host that is not asked: a stub, with what the index knows of that release."""
    url, name = str(request.url), request.url.path.rpartition("/")[2]
    data = await index.foreign(name)
    record.add(request.url.hostname or "", url, "stub", f"{name}: from a host that is not asked")
    return answer.file(request, data, name)


async def described(request: Request, index: PythonIndex, record: Record) -> Response:
    """PyPI's JSON about a project or a release of it (``/pypi/NAME[/VERSION]/json``). Raises UpstreamError."""
    _, _, name, *version, _ = request.url.path.split("/")
    record.add(request.url.hostname or "", str(request.url), "forwarded")
    files = await index.files(name)
    wanted = [file for file in files if not version or str(file.version) == str(Version(version[0]))]
    chosen = newest(wanted) or next((file for file in reversed(wanted) if file.version is not None), None)
    if chosen is None:
        raise UpstreamError(str(request.url), 404)
    same = [file for file in files if file.version == chosen.version]
    digests = await index.digests(same)
    metadata = BytesHeaderParser().parsebytes(await index.metadata(chosen))
    urls = [
        {
            "filename": file.name,
            "url": file.address,
            "digests": {"sha256": digests[file.name]},
            "packagetype": "bdist_wheel" if file.is_wheel else "sdist",
            "python_version": "source",
            "requires_python": file.requires_python or None,
            "size": file.size or 0,
            "upload_time_iso_8601": file.uploaded or "2020-01-01T00:00:00.000000Z",
            "yanked": bool(file.yanked),
            "yanked_reason": None,
        }
        for file in same
        if file.name in digests
    ]
    info = {
        "name": str(metadata["Name"]),
        "version": str(chosen.version),
        "summary": str(metadata["Summary"] or ""),
        "requires_python": chosen.requires_python or None,
        "requires_dist": metadata.get_all("Requires-Dist"),
        "yanked": bool(chosen.yanked),
    }
    return answer.json({"info": info, "releases": {str(chosen.version): urls}, "urls": urls, "last_serial": 1, "vulnerabilities": []})


def failure(error: Exception) -> Response:
    """What is answered where the real index did not give what was needed."""
    status = error.status if isinstance(error, UpstreamError) and error.status in (404, 403) else 502
    return PlainTextResponse(str(error), 404 if status == 403 else status)
