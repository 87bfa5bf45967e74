"""Small valid files of the kind that an address names."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response

from converters.rehearsal.outside.asked import Record
from converters.verify.child import files


def respond(request: Request, record: Record) -> Response:
    """What stands in for the answer of a machine that is not asked."""
    url = str(request.url)
    record.add(request.url.hostname or "", url, "doubled", "not rehearsed")
    suffix = PurePosixPath(request.url.path).suffix.lower()
    return Response(files.content(f"{request.method} {url}", suffix), media_type="application/octet-stream")
