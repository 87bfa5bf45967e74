"""Source distributions: what a real one needs to be built, and one that builds into a stub."""

from __future__ import annotations

import ast
import configparser
import gzip
import io
import re
import struct
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.utils import canonicalize_name

from converters.rehearsal.stubs import wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_READ = re.compile(r"^(PKG-INFO|setup\.py|setup\.cfg|pyproject\.toml|[^/]+\.egg-info/\w+\.txt|src/[^/]+\.egg-info/\w+\.txt)$")
_AT_MOST = 4 * 1024 * 1024
"""Bytes of a file that is read."""
_OTHER_FOLDERS = re.compile(r"^(tests?|docs?|examples?|benchmarks?|scripts|tools|csrc|assets|training|demos?|notebooks?)(/|$)")
_BUILT_WITH = ("setuptools>=40.8.0",)
"""What pip builds with where a distribution does not say."""
_BACKEND = '''\
"""Builds a stand-in, for a distribution that a rehearsal (`migrate rehearse`) does not build."""

import importlib
import os
import shutil
import zipfile

IMPORTS = {imports!r}
"""What the real distribution imports before it is built."""
WHEEL = {wheel!r}
HERE = os.path.dirname(os.path.abspath(__file__))


def _check():
    for name in IMPORTS:
        importlib.import_module(name)


def get_requires_for_build_wheel(config_settings=None):
    _check()
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _check()
    info = "-".join(WHEEL.split("-")[:2]) + ".dist-info"
    with zipfile.ZipFile(os.path.join(HERE, "stub.zip")) as archive:
        archive.extractall(metadata_directory, [name for name in archive.namelist() if name.startswith(info + "/")])
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _check()
    shutil.copyfile(os.path.join(HERE, "stub.zip"), os.path.join(wheel_directory, WHEEL))
    return WHEEL


get_requires_for_build_editable = get_requires_for_build_wheel
prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
build_editable = build_wheel
'''


@dataclass(frozen=True)
class Source:
    """A source distribution. ``names`` are its files without its own folder; ``texts`` are those that say how it is built."""

    names: tuple[str, ...]
    texts: Mapping[str, str]

    @property
    def build_requires(self) -> tuple[str, ...]:
        """What is installed to build it."""
        stated = self._build_system.get("requires")
        return tuple(map(str, stated)) if isinstance(stated, list) else _BUILT_WITH

    @property
    def imports(self) -> tuple[str, ...]:
        """The modules of others that its ``setup.py`` imports whatever happens, after setuptools, which runs it."""
        if "setup.py" not in self.texts:
            return ()
        try:
            tree = ast.parse(self.texts["setup.py"])
        except (SyntaxError, ValueError):
            return ()
        tops = {name.partition(".")[0]: None for node in tree.body for name in _imported(node)}
        own = {name.partition("/")[0].removesuffix(".py") for name in self.names}
        found = [name for name in tops if name not in sys.stdlib_module_names and name not in own]
        by_setuptools = str(self._build_system.get("build-backend", "setuptools")).startswith("setuptools")
        return tuple(dict.fromkeys(["setuptools", *found] if by_setuptools else found))

    @property
    def metadata(self) -> bytes:
        """PKG-INFO as METADATA, with the requirements that older releases state in other files."""
        known = self.texts.get("PKG-INFO", "").encode()
        headers = BytesHeaderParser().parsebytes(known)
        if headers.get_all("Requires-Dist"):
            return known
        requires = [f"Requires-Dist: {each}" for each in self._requires()]
        head, separator, body = known.replace(b"\r\n", b"\n").partition(b"\n\n")
        return b"\n".join([head.rstrip(b"\n"), *(line.encode() for line in requires)]) + (separator or b"\n\n") + body

    @property
    def brought(self) -> wheel.Contents:
        """What it brings once it is built."""
        files = [name.removeprefix("src/") for name in self.names if not _OTHER_FOLDERS.match(name.removeprefix("src/"))]
        files = [name for name in files if ".egg-info/" not in name and not re.match(r"^(setup|conftest|noxfile|build)\.py$", name)]
        found = wheel.contents(files, self._egg("entry_points.txt"))
        tops = set(self._egg("top_level.txt").split())
        if not tops:
            return wheel.Contents(found.packages, (), found.programs) if found.packages else found
        packages = tuple(name for name in found.packages if name.partition("/")[0] in tops)
        modules = tops - {name.partition("/")[0] for name in packages}
        return wheel.Contents(packages, tuple(sorted(modules)), found.programs)

    @property
    def _build_system(self) -> Mapping[str, object]:
        try:
            found = tomllib.loads(self.texts.get("pyproject.toml", "")).get("build-system", {})
        except tomllib.TOMLDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    def _egg(self, name: str) -> str:
        return next((text for path, text in self.texts.items() if path.endswith(f".egg-info/{name}")), "")

    def _requires(self) -> Iterator[str]:
        stated = self._egg("requires.txt")
        if stated:
            yield from _of_egg(stated)
            return
        yield from _of_setup(self.texts.get("setup.py", ""))
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(self.texts.get("setup.cfg", ""))
            yield from filter(None, map(str.strip, parser.get("options", "install_requires", fallback="").splitlines()))
        except configparser.Error:
            return


def read(path: Path, name: str) -> Source:
    """What a source distribution holds; ``name`` is its file's name. Raises tarfile.TarError, zipfile.BadZipFile."""
    names: list[str] = []
    texts: dict[str, str] = {}
    for member, size, data in _members(path, name):
        inner = member.partition("/")[2]
        names.append(inner)
        if _READ.match(inner) and size <= _AT_MOST:
            texts[inner] = data().decode(errors="replace")
    return Source(tuple(filter(None, names)), texts)


def build(filename: str, project: str, version: str, source: Source) -> bytes:
    """A source distribution called ``filename`` that builds into a stub, with what the real one needs to be built.

    ``version`` as it is normalized in names of wheels. Same arguments, same bytes.
    """
    folder = re.sub(r"\.(tar\.(gz|bz2|xz)|tgz|zip)$", "", filename)
    return archive({f"{folder}/{name}": data for name, data in unpacked(project, version, source).items()}, filename)


def unpacked(project: str, version: str, source: Source) -> dict[str, bytes]:
    """The files of a source distribution that builds into a stub. ``version`` as in :func:`build`."""
    distribution = canonicalize_name(project).replace("-", "_")
    made = f"{distribution}-{version}-py3-none-any.whl"
    metadata = source.metadata
    requires = ", ".join(repr(each) for each in source.build_requires)
    return {
        "PKG-INFO": metadata,
        "pyproject.toml": f'[build-system]\nrequires = [{requires}]\nbuild-backend = "stub_backend"\nbackend-path = ["."]\n'.encode(),
        "stub_backend.py": _BACKEND.format(imports=list(source.imports), wheel=made).encode(),
        "stub.zip": wheel.build(made, metadata, source.brought),
    }


def archive(files: Mapping[str, bytes], filename: str) -> bytes:
    """An archive of the kind that its name says. Same arguments, same bytes."""
    target = io.BytesIO()
    if filename.endswith(".zip"):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files.items():
                made.writestr(zipfile.ZipInfo(name), data)
        return target.getvalue()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755 if data.startswith(b"#!") else 0o644
            tar.addfile(member, io.BytesIO(data))
    return compressed(target.getvalue(), filename)


def compressed(data: bytes, filename: str) -> bytes:
    """A tar archive, compressed as its name says."""
    import bz2
    import lzma

    if filename.endswith((".bz2", ".tbz2", ".tbz")):
        return bz2.compress(data)
    if filename.endswith((".xz", ".txz")):
        return lzma.compress(data)
    if filename.endswith((".zst", ".tzst")):
        return _zstandard(data)
    return data if filename.endswith(".tar") else gzip.compress(data, mtime=0)


_BLOCK = 2**16


def _zstandard(data: bytes) -> bytes:
    """A Zstandard frame of raw blocks (RFC 8878, 3.1.1): no module of Python's compresses so before 3.14."""
    frame = struct.pack("<IBB", 0xFD2FB528, 0, 48)  # no checksum, a window of 64 KiB
    for start in range(0, max(len(data), 1), _BLOCK):
        block = data[start : start + _BLOCK]
        last = start + _BLOCK >= len(data)
        frame += struct.pack("<I", (len(block) << 3) | last)[:3] + block
    return frame


def _members(path: Path, name: str) -> Iterator[tuple[str, int, _Read]]:
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as opened:
            for each in opened.infolist():
                yield each.filename, each.file_size, _Read(opened.open(each))
        return
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile():
                yield member.name.removeprefix("./"), member.size, _Read(tar.extractfile(member))


class _Read:
    """Reads a member when it is asked to."""

    def __init__(self, opened: object) -> None:
        self._opened = opened

    def __call__(self) -> bytes:
        data = self._opened.read()  # type: ignore[attr-defined]
        assert isinstance(data, bytes)
        return data


def _imported(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def _of_egg(text: str) -> Iterator[str]:
    """The lines of ``requires.txt``, whose sections are ``[extra:marker]``."""
    condition = ""
    for line in map(str.strip, text.splitlines()):
        if section := re.fullmatch(r"\[([^:\]]*)(?::(.+))?\]", line):
            parts = [f'extra == "{section[1]}"'] if section[1] else []
            condition = " and ".join([*parts, *([f"({section[2]})"] if section[2] else [])])
        elif line:
            yield f"{line} ; {condition}" if condition else line


def _of_setup(text: str) -> Iterator[str]:
    """``install_requires`` of a ``setup.py``, where it is written as a list of strings."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "install_requires" and isinstance(node.value, (ast.List, ast.Tuple)):
            yield from (each.value for each in node.value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str))
