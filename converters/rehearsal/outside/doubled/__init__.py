"""Machines that are not asked: repositories, the Hub, installers, and small files of the kind that an address names."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from converters.rehearsal.outside.asked import Record
from converters.rehearsal.outside.doubled import answer, apt, github, huggingface, installers, kinds, trees
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.outside.python.index import PythonIndex

_NOT_REHEARSED = "not rehearsed"
_WEIGHTS_WITHOUT_NAME = re.compile(
    r"^(www\.)?civitai\.com/api/download/models/|^drive\.(google|usercontent\.google)\.com/(uc|download|file)"
)


class Doubled:
    """Answers for all hosts that are neither registries nor Python's indexes. For one event loop."""

    def __init__(self, index: PythonIndex, expected: Expected, record: Record) -> None:
        self._index, self._expected, self._record = index, expected, record
        self._repositories = github.Repositories(index, expected)

    async def respond(self, request: Request) -> Response:
        """What stands in for the answer. Raises UpstreamError where a real program that is needed for it cannot be had."""
        host, path = request.url.hostname or "", request.url.path
        installer = await installers.find(f"{host}{path}", self._index)
        told = installer.detail if installer else apt.UNSIGNED if apt.is_signature(request) else _NOT_REHEARSED
        self._record.add(host, str(request.url), "doubled", told)
        if installer is not None:
            return answer.file(request, installer.data, path)
        if github.is_git(request):
            return await self._repositories.clone(request)
        if host in huggingface.HOSTS:
            return huggingface.respond(request, self._expected)
        if apt.is_repository(request):
            return apt.respond(request, self._expected)
        if host in github.HOSTS and (found := await self._repositories.respond(request)) is not None:
            return found
        return self._file(request)

    def _file(self, request: Request) -> Response:
        """A file of the kind that the address names."""
        url = str(request.url)
        name = self._name(request)
        if _WEIGHTS_WITHOUT_NAME.search(f"{request.url.hostname}{request.url.path}"):
            name = name if "." in name else "double.safetensors"
            return answer.file(request, kinds.content(name, url), name, {"Content-Disposition": f'attachment; filename="{name}"'})
        if request.method not in ("GET", "HEAD") or (not re.search(r"\.\w+$", name) and _wants_json(request)):
            return answer.json({"double": f"{request.method} {url}"})
        if kinds.ARCHIVE.search(name):
            return answer.file(request, kinds.tree(trees.unpacked(name, url, self._expected), name), name)
        return answer.file(request, kinds.content(name, url), name)

    def _name(self, request: Request) -> str:
        named = request.query_params.get("filename") or request.query_params.get("file_name") or ""
        return named.rpartition("/")[2] or request.url.path.rstrip("/").rpartition("/")[2]


def _wants_json(request: Request) -> bool:
    return "json" in request.headers.get("accept", "") or "/api/" in request.url.path or (request.url.hostname or "").startswith("api.")
