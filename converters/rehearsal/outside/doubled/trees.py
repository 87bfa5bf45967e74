"""Trees of files that stand in for repositories and archives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.rehearsal.outside.doubled import kinds
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.stubs import source, wheel

_MAKEFILE = b'%:\n\t@echo "make $@ (a rehearsal does not run it)"\nall:\n\t@echo "make (a rehearsal does not run it)"\n.PHONY: all\n'
_CMAKE = b'cmake_minimum_required(VERSION 3.5...3.31)\nproject(double NONE)\ninstall(CODE "")\n'
_SETUP = '''\
"""Stands in for a project that a rehearsal (`migrate rehearse`) does not fetch."""

import os
import subprocess
import sys

if __name__ == "__main__" and {"install", "develop"} & set(sys.argv):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", here]))
print(*sys.argv, "(a rehearsal does not run it)")
'''


@dataclass(frozen=True)
class Project:
    """What the project of a repository builds: a distribution's name, version, METADATA and what it brings."""

    name: str
    version: str
    metadata: bytes
    brought: wheel.Contents


def unknown(name: str) -> Project:
    """The project of a repository called ``name``, of which nothing else is known."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n\n".encode()
    return Project(name, "0.0.1", metadata, wheel.Contents(tuple(importable(name))))


def repository(url: str, name: str, expected: Expected, project: Project) -> dict[str, bytes]:
    """The files of a repository: a project that can be installed, and what is expected in it."""
    parts = (*(f"{package}/__init__.py" for package in project.brought.packages), *(f"{each}.py" for each in project.brought.modules))
    texts = {"PKG-INFO": project.metadata.decode(errors="replace"), "pyproject.toml": "[build-system]\nrequires = []"}
    found = {
        **source.unpacked(project.name, project.version, source.Source(parts, texts)),
        "README.md": kinds.content("README.md", url),
        "LICENSE": b"",
        "setup.py": _SETUP.encode(),
        "requirements.txt": b"",
        "Makefile": _MAKEFILE,
        "CMakeLists.txt": _CMAKE,
        **dict.fromkeys(parts, wheel.module(project.name, project.version)),
    }
    for path in expected.run():
        found.setdefault(path, kinds.content(path, f"{url}/{path}"))
    _enter(found, expected.below(name), lambda path: kinds.content(path, f"{url}/{path}"), directory_unless_suffix=True)
    return found


def unpacked(name: str, url: str, expected: Expected) -> dict[str, bytes]:
    """The files of an archive called ``name``: its own directory, with a program of its name and what is expected there."""
    folder = kinds.ARCHIVE.sub("", name)
    inner = {"README.md": kinds.content("README.md", url), "Makefile": _MAKEFILE, "configure": kinds.program(url)}
    lead = re.match(r"[A-Za-z]+[A-Za-z_]*", name)
    if lead:
        inner |= dict.fromkeys((lead.group(), f"bin/{lead.group()}"), kinds.program(url))
    _enter(inner, expected.below(folder), lambda path: kinds.content(path, f"{url}#{path}"), directory_unless_suffix=False)
    return {f"{folder}/{path}": data for path, data in inner.items()}


def importable(name: str) -> list[str]:
    """The names under which the project of a repository may be imported."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"(?i)[-_.](main|master|python|pytorch|py)$", "", name))
    found = dict.fromkeys([plain, plain.lower(), plain.lower().replace("_", "")])
    return [each for each in found if each.isidentifier()]


def _enter(files: dict[str, bytes], paths: dict[str, bool], content: Callable[[str], bytes], *, directory_unless_suffix: bool) -> None:
    """Add the expected paths: a file by its name, an empty directory by a file that keeps it."""
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    for path, is_directory in paths.items():
        bare = not PurePosixPath(path).suffix
        if path in parents or path in files:
            continue
        if is_directory or (bare and directory_unless_suffix):
            files.setdefault(f"{path}/.keep", b"")
        else:
            files.setdefault(path, content(path))
    for path in [path for path in files if any(other.startswith(f"{path}/") for other in files)]:
        del files[path]  # what was taken for a file is a directory
