"""Lock files and lists of requirements with digests: those of files that become stubs are those of the stubs.

A build checks what it installs against digests that the project states. It gets a stub in the place of a large file, so its copy of the
project states the stub's digest; everything else is checked as it would be.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from converters.rehearsal.outside.hosts import PYPI_FILES
from converters.rehearsal.outside.python.index import FAILURES, PythonIndex

_LOCKS = re.compile(r"^(uv|poetry|pdm)\.lock$|^pylock(\.[\w-]+)?\.toml$|^Pipfile\.lock$|requirements.*\.(txt|in|lock)$|\.txt$")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_TABLE = re.compile(r'^name = "([^"]+)"\r?\nversion = "([^"]+)"', re.MULTILINE)
_LINE = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([\w.!+-]+)", re.MULTILINE)
_ENTRY = re.compile(r'"([\w.-]+)": \{[^{}]*?"version": "==([^"]+)"')
_ADDRESS = re.compile(r"(https?://[^\s\"'#]+?\.(?:whl|tar\.gz|zip))[\"'#\s,].{0,80}?([0-9a-f]{64})", re.DOTALL)
_LARGEST = 20_000_000


def candidates(files: Mapping[str, bytes]) -> list[str]:
    """The paths of files that state digests of distributions."""
    named = [path for path in files if _LOCKS.search(PurePosixPath(path).name) and len(files[path]) <= _LARGEST]
    return [path for path in named if _DIGEST.search(files[path].decode("latin-1"))]


async def rewritten(text: str, index: PythonIndex) -> str:
    """The text with the digests of stubs. What no index knows stays as it is."""
    pinned = {pair for pattern in (_TABLE, _LINE, _ENTRY) for pair in pattern.findall(text)}
    stated = set(_DIGEST.findall(text))
    found: dict[str, str] = {}
    for part in await asyncio.gather(*(_of_release(name, version, stated, index) for name, version in sorted(pinned))):
        found |= part
    for part in await asyncio.gather(*(_of_address(url, digest, index) for url, digest in _ADDRESS.findall(text) if digest not in found)):
        found |= part
    return _DIGEST.sub(lambda match: found.get(match.group(), match.group()), text)


async def _of_release(name: str, version: str, stated: Iterable[str], index: PythonIndex) -> dict[str, str]:
    """Real digest to the stub's, for the files of a release whose digests are stated."""
    try:
        files = [file for file in await index.files(name) if str(file.version) == version and file.sha256 in stated]
        digests = await index.digests(files)
        return {file.sha256: digests[file.name] for file in files if file.name in digests}
    except FAILURES:
        return {}


async def _of_address(url: str, digest: str, index: PythonIndex) -> dict[str, str]:
    """The same for a file of an index that is not asked."""
    host, name = url.split("/")[2], unquote(url.rpartition("/")[2])
    if host == PYPI_FILES or not name.endswith(".whl"):
        return {}
    try:
        return {digest: hashlib.sha256(await index.foreign(name)).hexdigest()}
    except FAILURES:
        return {}
