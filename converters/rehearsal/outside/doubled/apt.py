"""Repositories of Debian packages that are not asked for real: they hold what a build installs, in a version below every other one."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from converters.rehearsal.outside.doubled import answer, kinds
from converters.rehearsal.outside.doubled.expected import Expected

_RELEASE = re.compile(r"/(InRelease|Release|Release\.gpg)$")
_INDEX = re.compile(r"/Packages(\.gz|\.xz|\.bz2|\.lzma|\.zst)?$")
_POOL = "/rehearsal/"
_VERSION = "0~rehearsal"
_RUNS_BY_NAME = re.compile(r"^(python\d|ruby\d|php\d|golang|openjdk)")
"""Packages of whole languages: a stand-in without their programs would only fail later."""


UNSIGNED = "not rehearsed: it is taken without a signature, whether or not the build has its key"
"""What is said of a repository, which real apt refuses where nothing that it trusts has signed it."""


def is_signature(request: Request) -> bool:
    """Whether apt asks for what a repository is signed with."""
    found = _RELEASE.search(request.url.path)
    return found is not None and found[1] != "Release"


def is_repository(request: Request) -> bool:
    """Whether a request is one of apt's for a repository."""
    path = request.url.path
    return _RELEASE.search(path) is not None or _INDEX.search(path) is not None or (_POOL in path and path.endswith(".deb"))


def respond(request: Request, expected: Expected) -> Response:
    """What the repository answers."""
    path = request.url.path
    if match := _RELEASE.search(path):
        if match[1] != "Release":
            return PlainTextResponse("not signed", 404)
        return PlainTextResponse(_release(path, packages(expected)))
    if match := _INDEX.search(path):
        data = packages(expected)
        if match[1] not in (None, ".gz", ".xz"):
            return PlainTextResponse("not in this form", 404)
        return answer.file(
            request, gzip.compress(data, mtime=0) if match[1] == ".gz" else lzma.compress(data) if match[1] else data, "Packages"
        )
    name, version = path.rpartition("/")[2].removesuffix(".deb").split("_")[:2]
    return answer.file(request, kinds.debian(name, version.replace("%3a", ":").replace("%3A", ":")), path)


def packages(expected: Expected) -> bytes:
    """The index of the packages that a build installs."""
    entries = []
    for name, versions in sorted(expected.packages().items()):
        if _RUNS_BY_NAME.match(name):
            continue
        for version in sorted({each.replace("*", "0") for each in versions} | {_VERSION}):
            data = kinds.debian(name, version)
            file = f"{_POOL.strip('/')}/{name}_{version.replace(':', '%3a')}_all.deb"
            entries.append(
                f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: rehearsal <nobody@example.com>\nFilename: {file}\n"
                f"Size: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\nDescription: stand-in of a rehearsal\n"
            )
    return "\n".join(entries).encode()


def _release(path: str, data: bytes) -> str:
    """A Release file: for every usual component, and for a flat repository."""
    suite = path.rstrip("/").split("/")[-2]
    digest, size = hashlib.sha256(data).hexdigest(), len(data)
    components = ("main", "contrib", "non-free", "stable", "universe", "restricted", "multiverse", "nightly", "test", "edge", "common")
    files = ["Packages", *(f"{component}/binary-{kind}/Packages" for component in components for kind in ("amd64", "all"))]
    lines = "".join(f" {digest} {size} {file}\n" for file in files)
    date = "Mon, 01 Jan 2024 00:00:00 UTC"
    return (
        f"Origin: rehearsal\nLabel: rehearsal\nSuite: {suite}\nCodename: {suite}\nDate: {date}\nArchitectures: amd64 all\n"
        f"Components: {' '.join(components)}\nSHA256:\n{lines}"
    )
