"""Installers that are piped to a shell or to Python, and programs that are fetched: real where an index of Python packages has them."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from converters.rehearsal.outside import programs
from converters.rehearsal.outside.python.index import PythonIndex, newest
from converters.rehearsal.outside.upstream import UpstreamError

_ADDRESSES = (
    (re.compile(r"^astral\.sh/uv(?:/(?P<version>[\d.]+))?/install\.sh$"), "uv-installer"),
    (re.compile(r"^github\.com/astral-sh/uv/releases/(?:download/(?P<version>[\d.]+)|latest/download)/uv-installer\.sh$"), "uv-installer"),
    (re.compile(r"^astral\.sh/rehearsal/(?P<version>[\w.]+)/(?P<name>uvx?)$"), "uv"),
    (
        re.compile(r"^install\.python-poetry\.org/?$|python-poetry/(poetry|install\.python-poetry\.org)/.*(get|install)-poetry\.py$"),
        "poetry",
    ),
    (re.compile(r"^bootstrap\.pypa\.io/(?:pip/(?P<python>[\d.]+)/)?get-pip\.py$"), "get-pip"),
    (re.compile(r"^bootstrap\.pypa\.io/rehearsal/(?P<version>[\w.]+)/pip\.whl$"), "pip"),
    (re.compile(r"^(www\.)?ollama\.(com|ai)/install(\.sh)?$"), "ollama-install.sh"),
    (re.compile(r"^ollama\.com/rehearsal/ollama$|^ollama\.(com|ai)/download/ollama-linux-amd64$"), "ollama.sh"),
    (re.compile(r"/(Miniconda3|Miniforge3|Mambaforge|Anaconda3|Miniforge-pypy3)[\w.-]*\.sh$"), "miniconda"),
    (re.compile(r"^github\.com/replicate/pget/releases/"), "pget.sh"),
)
_LAST_PIP = {"2.7": "20.3.4", "3.5": "20.3.4", "3.6": "21.3.1", "3.7": "24.0", "3.8": "25.0.1"}
"""The last release of pip for a Python that it no longer supports."""
_OLD_UV = (0, 5)
"""The release from which uv installs itself to ~/.local/bin, before to ~/.cargo/bin."""


@dataclass(frozen=True)
class Installer:
    """What an address has: its content, and what is told of it."""

    data: bytes
    detail: str


async def find(address: str, index: PythonIndex) -> Installer | None:
    """The installer or program at ``host/path``; None for another address. Raises UpstreamError."""
    for pattern, kind in _ADDRESSES:
        match = pattern.search(address)
        if match is not None:
            return await _made(kind, match.groupdict(), index)
    return None


async def uv_program(index: PythonIndex, version: str, name: str) -> bytes:
    """The program ``uv`` or ``uvx`` of a release ("" or "latest": the newest). Raises UpstreamError."""
    wanted = "" if version == "latest" else version
    file = newest([each for each in await index.files("uv") if not wanted or str(each.version) == wanted])
    if file is None or not file.is_wheel:
        raise UpstreamError("https://pypi.org/simple/uv/", 404, f"uv has no release {version} for Linux")
    with zipfile.ZipFile(await index.real(file)) as archive:
        return archive.read(next(each for each in archive.namelist() if each.endswith(f"/scripts/{name}")))


async def _made(kind: str, named: dict[str, str | None], index: PythonIndex) -> Installer:
    version = named.get("version") or "latest"
    if kind == "uv-installer":
        before = version != "latest" and tuple(map(int, version.split(".")[:2])) < _OLD_UV
        return Installer(
            programs.text("uv-install.sh", VERSION=version, BIN=".cargo/bin" if before else ".local/bin"), "installs the real uv"
        )
    if kind == "uv":
        return Installer(await uv_program(index, version, named.get("name") or "uv"), "the real program")
    if kind == "poetry":
        return Installer(programs.text("poetry-install.py.in"), "installs the real Poetry")
    if kind == "get-pip":
        release = _LAST_PIP.get(named.get("python") or "", "latest")
        return Installer(programs.text("get-pip.py.in", VERSION=release), "installs the real pip")
    if kind == "pip":
        files = [each for each in await index.files("pip") if version == "latest" or str(each.version) == version]
        file = newest(files)
        if file is None:
            raise UpstreamError("https://pypi.org/simple/pip/", 404, f"pip has no release {version}")
        return Installer((await index.real(file)).read_bytes(), "the real pip")
    if kind == "miniconda":
        return Installer(
            programs.text("miniconda.sh", CONDA=programs.text("conda.py.in").decode()), "conda is not rehearsed: pip's part is"
        )
    return Installer(programs.text(kind), "not rehearsed")
