"""GitHub and other hosts of repositories: clones, archives, releases and single files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from converters.rehearsal.outside.doubled import answer, git, huggingface, kinds, trees
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.outside.python.index import FAILURES, PythonIndex, newest
from converters.rehearsal.stubs import wheel

HOSTS = frozenset(
    {
        "github.com",
        "www.github.com",
        "raw.githubusercontent.com",
        "codeload.github.com",
        "api.github.com",
        "gitlab.com",
        "bitbucket.org",
        "codeberg.org",
    }
)
_GIT = re.compile(r"^/(?P<path>.+?)(?:\.git)?/(?P<file>info/refs|HEAD|objects/.+|git-upload-pack)$")
_UV = re.compile(
    r"^/astral-sh/uv/releases/(?:download/(?P<version>[\w.]+)|latest/download)/(?P<folder>uv-x86_64-unknown-linux-(?:gnu|musl))\.tar\.gz$"
)
_RELEASE = re.compile(
    r"^/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:-/)?releases/(?:download/(?P<tag>.+)|latest/download|permalink/latest/downloads)/(?P<file>[^/]+)$"
)
_ARCHIVE = re.compile(
    r"^/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:-/)?(?:archive|get)/(?:refs/(?:heads|tags)/)?(?P<ref>.+?)(?P<ending>\.tar\.gz|\.zip|\.tar\.bz2)$"
)
_CODELOAD = re.compile(r"^/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:legacy\.)?(?P<ending>tar\.gz|zip)/(?:refs/(?:heads|tags)/)?(?P<ref>.+)$")
_BALL = re.compile(r"^/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?P<ending>tarball|zipball)(?:/(?P<ref>.+))?$")
_RAW = re.compile(r"^/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:-/)?(?:raw|blob)/(?:refs/(?:heads|tags)/)?(?P<ref>[^/]+)/(?P<path>.+)$")
_LATEST = re.compile(r"^/(?P<owner>[^/]+)/(?P<name>[^/]+)/releases/latest/?$")
_TAG = "v1.0.0"


def is_git(request: Request) -> bool:
    """Whether a request is one of git's, to whichever host."""
    query = request.url.query
    return _GIT.match(request.url.path) is not None and ("service=git" in query or request.headers.get("user-agent", "").startswith("git/"))


class Repositories:
    """Every repository, each with one commit. For one event loop."""

    def __init__(self, index: PythonIndex, expected: Expected) -> None:
        self._index, self._expected = index, expected
        self._made: dict[str, tuple[dict[str, bytes], git.Repository]] = {}

    async def clone(self, request: Request) -> Response:
        """What git's clients are answered."""
        match = _GIT.match(request.url.path)
        assert match is not None
        if match["file"] == "git-upload-pack":
            return PlainTextResponse("this repository is only read", 403)
        _, repository = await self._repository(request.url.hostname or "", match["path"])
        data = repository.file(match["file"])
        if data is None:
            return PlainTextResponse("not found", 404)
        return Response(data, media_type="text/plain")

    async def respond(self, request: Request) -> Response | None:
        """What a host of repositories answers; None for an address that is not one of a file. Raises UpstreamError."""
        host, path = request.url.hostname or "", request.url.path
        if host == "raw.githubusercontent.com":
            return self._content(request, path.rpartition("/")[2])
        if (match := _UV.match(path)) and host == "github.com":
            return await self._uv(request, match["version"] or "latest", match["folder"])
        if match := _RELEASE.match(path):
            return self._release(request, match["file"], match["name"])
        for pattern in (_ARCHIVE, _CODELOAD, _BALL):
            if match := pattern.match(path):
                return await self._archive(request, "github.com" if host.endswith("github.com") else host, match.groupdict())
        if match := _RAW.match(path):
            return self._content(request, match["path"].rpartition("/")[2])
        if host == "api.github.com":
            return _api(path)
        if match := _LATEST.match(path):
            return RedirectResponse(f"https://{host}/{match['owner']}/{match['name']}/releases/tag/{_TAG}", 302)
        return None

    async def _repository(self, host: str, path: str) -> tuple[dict[str, bytes], git.Repository]:
        key = f"{host}/{path}".removesuffix(".git").lower()
        if key not in self._made:
            name = path.rstrip("/").rpartition("/")[2]
            if host in huggingface.HOSTS and not path.startswith("spaces/"):
                files = huggingface.files(path, self._expected)
            else:
                project = await self._project(f"{host}/{path}".removesuffix(".git"), name)
                files = trees.repository(f"https://{host}/{path}", name, self._expected, project)
            self._made[key] = files, git.Repository(files)
        return self._made[key]

    async def _project(self, address: str, name: str) -> trees.Project:
        """What the project of a repository builds: as the index knows it, where that names the repository, else by its name alone."""
        stated = self._expected.distribution(address)
        for candidate in filter(None, (stated, name)):
            try:
                file = newest(await self._index.files(candidate))
                if file is None or not file.is_wheel:
                    continue
                metadata = await self._index.metadata(file)
                if re.search(rf"{re.escape(address)}\b", metadata.decode(errors="replace"), re.IGNORECASE):
                    return trees.Project(file.project, str(file.version), metadata, await self._index.contents(file))
            except FAILURES:
                continue
        project = trees.unknown(stated or name)
        modules = dict.fromkeys([*trees.importable(name), *trees.importable(stated)]) if stated else trees.importable(name)
        return trees.Project(project.name, project.version, project.metadata, wheel.Contents(tuple(modules)))

    async def _archive(self, request: Request, host: str, named: Mapping[str, str | None]) -> Response:
        owner, name, ref = named["owner"], named["name"] or "", named["ref"] or "main"
        files, _ = await self._repository(host, f"{owner}/{name}")
        bare = ref.rpartition("/")[2]
        folder = f"{name}-{bare[1:]}" if re.match(r"v\d", bare) else f"{name}-{bare}"
        ending = ".zip" if "zip" in (named["ending"] or "") else ".tar.bz2" if "bz2" in (named["ending"] or "") else ".tar.gz"
        data = kinds.tree({f"{folder}/{path}": data for path, data in files.items()}, f"x{ending}")
        return answer.file(request, data, f"{folder}{ending}", {"Content-Disposition": f'attachment; filename="{folder}{ending}"'})

    def _release(self, request: Request, name: str, project: str) -> Response:
        url = str(request.url)
        if kinds.ARCHIVE.search(name):
            members = trees.unpacked(name, url, self._expected)
            data = kinds.tree({**members, project.lower(): kinds.program(url)}, name)
        else:
            data = kinds.content(name, url)
        return answer.file(request, data, name, {"Content-Disposition": f'attachment; filename="{name}"'})

    async def _uv(self, request: Request, version: str, folder: str) -> Response:
        from converters.rehearsal.outside.doubled.installers import uv_program

        members = {f"{folder}/{name}": await uv_program(self._index, version, name) for name in ("uv", "uvx")}
        return answer.file(request, kinds.tree(members, "uv.tar.gz"), f"{folder}.tar.gz")

    def _content(self, request: Request, name: str) -> Response:
        return answer.file(request, kinds.content(name, str(request.url)), name)


def _api(path: str) -> Response:
    """GitHub's API: releases without assets, everything else an empty object."""
    match = re.match(r"^/repos/([^/]+)/([^/]+)(/.*)?$", path)
    if match is None:
        return answer.json({})
    owner, name, rest = match[1], match[2], match[3] or ""
    address = f"https://github.com/{owner}/{name}"
    release = {
        "tag_name": _TAG, "name": _TAG, "draft": False, "prerelease": False, "html_url": f"{address}/releases/tag/{_TAG}",
        "tarball_url": f"https://api.github.com/repos/{owner}/{name}/tarball/{_TAG}", "assets": [],
    }  # fmt: skip
    if rest.startswith("/releases"):
        return answer.json([release] if rest.rstrip("/") == "/releases" else release)
    if rest.startswith("/tags"):
        return answer.json([{"name": _TAG, "commit": {"sha": "0" * 40}}])
    return answer.json({"name": name, "full_name": f"{owner}/{name}", "default_branch": "main", "html_url": address})
