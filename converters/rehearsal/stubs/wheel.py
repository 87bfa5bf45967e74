"""Wheels of stub distributions: real metadata, and modules that load the doubles."""

from __future__ import annotations

import base64
import configparser
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import PurePosixPath

from packaging.tags import parse_tag

MAIN = "_rehearsed_main"
"""The attribute of a stub's module that its programs call."""
_VERSION = re.compile(r"\d")
"""What the version in a wheel's name begins with; some names have another word there."""
_EXTENSION = re.compile(r"(\.(cpython|pypy|abi)[\w-]*)?\.(py|so)$")
_MODULE = '''\
"""A stand-in for {name} {version}, which a rehearsal (`migrate rehearse`) does not install: every name is there, and is a double."""

import importlib.util
import os
import sys

if "_fal_migrate_stubs" not in sys.modules:
    place = os.path.join(os.environ.get("FAL_MIGRATE_STUBS", "/rehearsal/outside/python"), "_fal_migrate_stubs.py")
    if not os.path.isfile(place):
        raise ImportError("{name} {version} is a stand-in that works in rehearsals alone: " + place + " is not there")
    spec = importlib.util.spec_from_file_location("_fal_migrate_stubs", place)
    sys.modules["_fal_migrate_stubs"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["_fal_migrate_stubs"])
sys.modules["_fal_migrate_stubs"].stand_in(__name__, {version!r})
'''


@dataclass(frozen=True)
class Contents:
    """What a distribution brings: ``packages`` and ``modules`` by path ("nvidia/cudnn", "six"), and the names of its ``programs``."""

    packages: tuple[str, ...]
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


def contents(members: Iterable[str], entry_points: str = "") -> Contents:
    """What the members of a wheel and its ``entry_points.txt`` say that it brings."""
    files = [re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", name) for name in members]
    files = [name for name in files if not re.match(r"^[^/]+\.(dist-info|libs|data)/", name)]
    folders = {name.rpartition("/")[0] for name in files if name.endswith("/__init__.py")}
    packages = sorted(folder for folder in folders if not folders.intersection(map(str, PurePosixPath(folder).parents)))
    modules = {_EXTENSION.sub("", name) for name in files if "/" not in name and _EXTENSION.search(name)}
    return Contents(tuple(packages), tuple(sorted(modules - {"__init__"})), tuple(programs(entry_points)))


def programs(entry_points: str) -> list[str]:
    """The programs that an ``entry_points.txt`` declares."""
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(entry_points)
    except configparser.Error:
        return []
    return [name for group in ("console_scripts", "gui_scripts") if parser.has_section(group) for name in parser.options(group)]


def build(filename: str, metadata: bytes, brought: Contents) -> bytes:
    """The wheel called ``filename`` with this METADATA. Same arguments, same bytes."""
    distribution, version = filename.split("-")[:2]
    headers = BytesHeaderParser().parsebytes(metadata)
    version = version if _VERSION.match(version) else str(headers["Version"])
    source = module(str(headers["Name"] or distribution), version)
    info = f"{distribution}-{version}.dist-info"
    files = {f"{package}/__init__.py": source for package in brought.packages}
    files |= {f"{module}.py": source for module in brought.modules}
    files[f"{info}/METADATA"] = metadata
    files[f"{info}/WHEEL"] = _wheel(filename).encode()
    tops = sorted({name.partition("/")[0] for name in (*brought.packages, *brought.modules)})
    files[f"{info}/top_level.txt"] = "".join(f"{top}\n" for top in tops).encode()
    home = next(iter((*brought.packages, *brought.modules)), "").replace("/", ".")
    if brought.programs and home:
        scripts = "".join(f"{name} = {home}:{MAIN}\n" for name in brought.programs)
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}".encode()
    return _archive(files, f"{info}/RECORD")


def unknown(filename: str) -> bytes:
    """The wheel called ``filename``, of which nothing else is known."""
    distribution, version = filename.split("-")[:2]
    stated = version if _VERSION.match(version) else "0"
    metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {stated}\n\n"
    return build(filename, metadata.encode(), Contents((distribution.lower(),)))


def module(name: str, version: str) -> bytes:
    """The source of a stub's module: it becomes a double when it is imported."""
    return _MODULE.format(name=name, version=version).encode()


def _wheel(filename: str) -> str:
    tags = sorted(map(str, parse_tag("-".join(filename.removesuffix(".whl").split("-")[-3:]))))
    return "Wheel-Version: 1.0\nGenerator: migrate-rehearse\nRoot-Is-Purelib: true\n" + "".join(f"Tag: {tag}\n" for tag in tags)


def _archive(files: dict[str, bytes], record: str) -> bytes:
    target = io.BytesIO()
    lines = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}\n")
            archive.writestr(_member(name), data)
        archive.writestr(_member(record), "".join([*lines, f"{record},,\n"]))
    return target.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of 1980, whenever it is made
    member.external_attr = 0o100644 << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
